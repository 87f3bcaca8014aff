import assert from "node:assert/strict";
import { unreachable } from "../../../images/problem.ts";
import { paced } from "../../../images/progress.ts";

describe("progress of images in a log", () => {
  it("is a line at once, and then one in a quarter of a minute", () => {
    let seconds = 0;
    const stay: string[] = [];
    let all = 0;
    const report = paced(
      (line, passing) => {
        all++;
        if (!passing) stay.push(line);
      },
      () => seconds * 1000,
    );
    for (; seconds < 40; seconds += 2) report(`after ${seconds} s`);
    assert.equal(all, 20);
    assert.deepEqual(stay, ["after 0 s", "after 16 s", "after 32 s"]);
  });
});

describe("a source that can't be reached", () => {
  it("can be fetched elsewhere where no way leads out, and its secrets are not repeated", () => {
    const url = "https://me:hush@images.example/a.bz2?token=hush";
    const { message } = unreachable(url, "getaddrinfo EAI_AGAIN images.example");
    assert.match(message, /images\.example\/a\.bz2: getaddrinfo EAI_AGAIN .*must be in the cache/);
    assert.match(message, /npm run image -- fetch https:\/\/images\.example\/a\.bz2 --sha256/);
    assert.doesNotMatch(message, /hush/);
    assert.doesNotMatch(unreachable(url, "connect ECONNREFUSED 10.0.0.1:443").message, /cache/);
  });
});
