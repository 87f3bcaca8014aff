import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { download } from "../../../images/download.ts";
import { HASTE, Place, qcow2Image, TestServer } from "./support.ts";

describe("downloads", function () {
  this.timeout(20_000);
  const place = new Place();
  const data = qcow2Image(300_000);
  let server: TestServer;
  let lines: string[];

  beforeEach(async () => {
    place.begin();
    mkdirSync(place.path("d"));
    lines = [];
    server = new TestServer();
    await server.start();
  });

  afterEach(async () => {
    await server.stop();
    place.end();
  });

  const fetch = (path = "/a") =>
    download(server.url(path), place.path("d"), (line) => lines.push(line), HASTE);
  const right = (file: string): void => {
    assert.ok(readFileSync(file).equals(data));
  };

  it("say how much and how fast", async () => {
    server.serve("/a", data);
    right(await fetch());
    assert.match(
      lines[0] ?? "",
      /^image: \d+\.\d MB of 0\.3 MB, \d+(\.\d)? MB\/s, from http:\/\/127\.0\.0\.1:\d+\/a$/,
    );
    assert.equal(server.sent, data.length);
  });

  it("go on where they broke off: each byte is sent once", async () => {
    server.serve("/a", data, { breakAt: 100_000 });
    right(await fetch());
    assert.equal(server.sent, data.length);
    assert.deepEqual(server.requests, ["/a", "/a bytes=100000-", "/a bytes=200000-"]);
    assert.ok(lines.some((line) => /going on at 0\.1 MB/.test(line)));
  });

  it("go on with what a run that was killed has left", async () => {
    server.on("/a", (_request, response) => {
      response.writeHead(200, { etag: '"one"', "content-length": data.length });
      server.send(response, data, 50_000);
    });
    const hasty = { ...HASTE, attempts: 1 };
    await assert.rejects(
      download(server.url("/a"), place.path("d"), () => undefined, hasty),
      /can be reached/,
    );
    assert.equal(server.sent, 50_000);
    server.serve("/a", data, { etag: '"one"' });
    right(await fetch());
    assert.equal(server.sent, data.length);
  });

  it("start again where the server knows no ranges", async () => {
    let asked = 0;
    server.on("/a", (_request, response) => {
      asked++;
      response.writeHead(200, { etag: '"one"', "content-length": data.length });
      server.send(response, data, asked === 1 ? 100_000 : undefined);
    });
    right(await fetch());
    assert.deepEqual(server.requests, ["/a", "/a bytes=100000-"]);
    assert.ok(lines.some((line) => /starts from the beginning/.test(line)));
  });

  it("start again where nothing tells one content from another", async () => {
    let asked = 0;
    server.on("/a", (_request, response) => {
      asked++;
      response.writeHead(200, { "content-length": data.length, etag: 'W/"weak"' });
      server.send(response, data, asked === 1 ? 100_000 : undefined);
    });
    right(await fetch());
    assert.deepEqual(server.requests, ["/a", "/a"]);
  });

  for (const honest of [true, false]) {
    it(`never join two contents, with a server that ${honest ? "minds" : "ignores"} If-Range`, async () => {
      const old = qcow2Image(300_000, "old");
      let asked = 0;
      server.on("/a", (request, response) => {
        asked++;
        const etag = asked === 1 ? '"old"' : '"new"';
        const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
        const partial = start > 0 && (!honest || request.headers["if-range"] === etag);
        const body = asked === 1 ? old : data.subarray(partial ? start : 0);
        response.writeHead(partial ? 206 : 200, {
          etag,
          "content-length": body.length,
          ...(partial ? { "content-range": `bytes ${start}-${data.length - 1}/${data.length}` } : {}),
        });
        server.send(response, body, asked === 1 ? 100_000 : undefined);
      });
      right(await fetch());
    });
  }

  it("go on by the date where there is no ETag", async () => {
    const date = "Sat, 01 Nov 2025 00:00:00 GMT";
    server.on("/a", (request, response) => {
      const partial = request.headers["if-range"] === date;
      const body = data.subarray(partial ? 100_000 : 0);
      response.writeHead(partial ? 206 : 200, {
        "last-modified": date,
        "content-length": body.length,
        ...(partial ? { "content-range": `bytes 100000-${data.length - 1}/${data.length}` } : {}),
      });
      server.send(response, body, partial ? undefined : 100_000);
    });
    right(await fetch());
    assert.equal(server.sent, data.length);
  });

  it("start again where what they have is longer than the file by now", async () => {
    server.on("/a", (request, response) => {
      if (request.headers.range === undefined) response.writeHead(200, { etag: '"x"' }).end(data);
      else response.writeHead(416, { "content-range": `bytes */${data.length}` }).end();
    });
    writeFileSync(join(place.path("d"), "part"), Buffer.alloc(400_000));
    writeFileSync(
      join(place.path("d"), "part.json"),
      JSON.stringify({ url: server.url("/a"), validator: '"x"' }),
    );
    right(await fetch());
  });

  for (const status of [503, 429, 500]) {
    it(`try again after ${status}, a few times`, async () => {
      let asked = 0;
      server.on("/a", (_request, response) => {
        asked++;
        if (asked < 3) response.writeHead(status).end("later");
        else response.end(data);
      });
      right(await fetch());
      assert.ok(lines.some((line) => line.includes(`the server answers ${status}; trying again`)));
      server.on("/b", (_request, response) => response.writeHead(status).end());
      await assert.rejects(fetch("/b"), new RegExp(`/b: the server answers ${status} \\(tried 3 times\\)`));
    });
  }

  for (const status of [404, 403, 410, 401]) {
    it(`give up at once after ${status}`, async () => {
      server.on("/a", (_request, response) => response.writeHead(status).end());
      await assert.rejects(fetch(), new RegExp(`/a: the server answers ${status}`));
      assert.equal(server.requests.length, 1);
    });
  }

  it("give up on a server that falls silent, and keep what came", async () => {
    server.on("/a", (_request, response) => {
      response.writeHead(200, { etag: '"one"', "content-length": data.length });
      response.write(data.subarray(0, 1000));
    });
    const hasty = { ...HASTE, attempts: 1 };
    await assert.rejects(
      download(server.url("/a"), place.path("d"), () => undefined, hasty),
      /nothing was heard for 1 s \(tried 1 times\)/,
    );
    assert.equal(readFileSync(join(place.path("d"), "part")).length, 1000);
  });

  it("say so where nobody answers", async () => {
    const url = server.url("/a");
    await server.stop();
    await assert.rejects(
      download(url, place.path("d"), (line) => lines.push(line), HASTE),
      /a source that can be reached; .*ECONNREFUSED/,
    );
    server = new TestServer();
    await server.start();
  });

  it("follow a redirect", async () => {
    server.serve("/b", data);
    server.on("/a", (_request, response) => response.writeHead(302, { location: server.url("/b") }).end());
    right(await fetch());
  });

  it("are not done again when they are whole", async () => {
    server.serve("/a", data);
    await fetch();
    right(await fetch());
    assert.equal(server.requests.length, 1);
    assert.ok(existsSync(join(place.path("d"), "whole")) && !readdirSync(place.path("d")).includes("part"));
  });
});
