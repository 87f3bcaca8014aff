/** The locks of the lab, with the flock program. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { argumentsOf, isAlive, processIds, signal, waitUntil } from "../../../lab/libvirt/processes.ts";
import { withLock } from "../../../lab/shared/lock.ts";

describe("a lock", function () {
  this.timeout(15_000);
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lock-"));
    file = join(folder, "below", "a.lock");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const holders = (): number[] =>
    processIds().filter((pid) => argumentsOf(pid)[0] === "flock" && argumentsOf(pid).includes(file));

  it("lets one work at a time, and tells those who wait", async () => {
    const events: string[] = [];
    const work = (name: string) => async (): Promise<string> => {
      events.push(`${name} starts`);
      await sleep(700);
      events.push(`${name} ends`);
      return name;
    };
    const waits: string[] = [];
    const names = await Promise.all(
      ["a", "b"].map((name) => withLock(file, work(name), () => waits.push(name))),
    );
    assert.deepEqual(names, ["a", "b"]);
    assert.equal(waits.length, 1);
    for (const at of [0, 2]) assert.equal(events[at + 1], events[at]?.replace("starts", "ends"));
    assert.deepEqual(holders(), []);
  });

  it("is not waited for any longer than the one who wants it: a verb that is interrupted then does nothing later", async () => {
    const lab = join(folder, "lab");
    mkdirSync(lab);
    const lock = join(lab, "start-stop.lock");
    const modules = join(import.meta.dirname, "../../../commands");
    const program = `
      import { exclusively } from "${modules}/lab/exclusive.ts";
      import { stayForChildren } from "${modules}/ui/interrupt.ts";
      stayForChildren("Run it again.");
      await exclusively({ checkout: ".", lab: ${JSON.stringify(lab)} }, async () => console.log("done"));`;
    const args = ["--no-warnings", "--input-type=module", "-e", program];
    const said = await withLock(lock, async () => {
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
      const texts = Promise.all([text(child.stdout), text(child.stderr)]);
      await once(child.stderr, "data"); // it says that it waits
      child.kill("SIGINT");
      const [code] = (await once(child, "exit")) as [number];
      return [code, ...(await texts)];
    });
    assert.deepEqual(said.slice(0, 2), [130, ""]);
    assert.match(String(said[2]), /Interrupted while it waited: nothing was begun/);
    await waitUntil(() => processIds().every((pid) => !argumentsOf(pid).includes(lock)), 5);
  });

  it("is released when the work fails", async () => {
    await assert.rejects(
      withLock(file, () => Promise.reject(new Error("no luck"))),
      /no luck/,
    );
    assert.equal(await withLock(file, () => Promise.resolve("next")), "next");
  });

  it("is released when its holder is killed", async () => {
    const program = `
      import { withLock } from "${join(import.meta.dirname, "../../../lab/shared/lock.ts")}";
      await withLock(${JSON.stringify(file)}, async () => { console.log("held"); await new Promise(setInterval); });`;
    const args = ["--no-warnings", "--input-type=module", "-e", program];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    assert.equal(await withLock(file, () => Promise.resolve("mine")), "mine");
    assert.ok(await waitUntil(() => holders().length === 0, 5));
  });

  it("does not keep its user waiting when somebody kills the process that holds it", async () => {
    const done = withLock(file, async () => {
      for (const pid of holders()) signal(pid, "SIGKILL");
      await waitUntil(() => holders().every((pid) => !isAlive(pid)), 5);
      return "done";
    });
    assert.equal(await done, "done");
  });
});
