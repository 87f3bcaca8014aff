import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ImageFinding } from "../../../plan/raw.ts";
import type { ImageRequest } from "../../../plan/types.ts";
import { packed, Place, qcow2Image, sha256, TestServer } from "../../unit/images/support.ts";

const program = join(import.meta.dirname, "run.ts");

/** A run of its own, and what it has said. */
class Run {
  readonly child: ChildProcess;
  text = "";
  readonly #ended: Promise<unknown>;

  constructor(request: ImageRequest, wrap: readonly string[] = []) {
    const command = [...wrap, process.execPath, program, JSON.stringify(request)];
    this.child = spawn(command[0] ?? "", command.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
    this.child.stdout?.on("data", (chunk: Buffer) => (this.text += chunk.toString()));
    this.#ended = once(this.child, "close");
  }

  async finding(): Promise<ImageFinding> {
    await this.#ended;
    return JSON.parse(this.text.trimEnd().split("\n").at(-1) ?? "") as ImageFinding;
  }

  async good(): Promise<string> {
    const finding = await this.finding();
    return "image" in finding ? finding.image.path : assert.fail(finding.problem);
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.#ended;
  }
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > end) assert.fail(`waited too long until ${what}`);
    await sleep(20);
  }
}

describe("images and several runs", function () {
  this.timeout(60_000);
  const place = new Place();
  const data = qcow2Image(4_000_000);
  const bytes = packed(data, "gzip");
  let server: TestServer;

  beforeEach(async () => {
    place.begin();
    server = new TestServer();
    await server.start();
  });

  afterEach(async () => {
    await server.stop();
    place.end();
  });

  const cacheFiles = (folder: string): string[] => {
    const path = place.path(join("cache/images", folder));
    return existsSync(path) ? readdirSync(path) : [];
  };
  const right = (path: string): void => {
    assert.ok(readFileSync(path).equals(data));
    assert.deepEqual(cacheFiles("downloads"), []);
    assert.deepEqual(cacheFiles("contents"), [`${sha256(data)}.qcow2`]);
  };
  const request = (): ImageRequest => ({ source: server.url("/a.gz"), sha256: sha256(bytes) });

  /** Serves slowly: the rest comes when `release` is called. */
  function serveInTwo(): { readonly release: () => void } {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const serveRest = (): void => {
      server.serve("/a.gz", bytes, { etag: '"one"' });
    };
    server.on("/a.gz", (_request, response) => {
      response.writeHead(200, { etag: '"one"', "content-length": bytes.length });
      response.write(bytes.subarray(0, 1_000_000));
      server.sent += 1_000_000;
      void released.then(() => {
        server.send(response, bytes.subarray(1_000_000));
      });
    });
    return {
      release: () => {
        serveRest();
        release();
      },
    };
  }

  it("is downloaded once by two runs at once; the second says that it waits", async () => {
    const { release } = serveInTwo();
    const first = new Run(request());
    await until("the download has begun", () => server.requests.length > 0);
    const second = new Run(request());
    await until("the second waits", () => second.text.includes("waiting for another run"));
    release();
    const [one, two] = await Promise.all([first.good(), second.good()]);
    assert.equal(one, two);
    right(one);
    assert.equal(server.requests.length, 1);
    assert.doesNotMatch(second.text, /MB\/s/);
  });

  it("goes on where a killed run was; nobody is kept waiting by it", async () => {
    serveInTwo();
    const first = new Run(request());
    const part = (): number => {
      const [folder = ""] = cacheFiles("downloads");
      return (
        statSync(place.path(join("cache/images/downloads", folder, "part")), { throwIfNoEntry: false })
          ?.size ?? 0
      );
    };
    await until("a part is there", () => part() === 1_000_000);
    const second = new Run(request());
    await until("the second waits", () => second.text.includes("waiting for another run"));
    server.serve("/a.gz", bytes, { etag: '"one"' });
    await first.kill();
    right(await second.good());
    assert.deepEqual(server.requests, ["/a.gz", "/a.gz bytes=1000000-"]);
    assert.equal(server.sent, bytes.length);
  });

  it("is unpacked anew where a run was killed while it unpacked; who waited does it", async () => {
    // A run that unpacks long enough to be met in the middle: its zstd is a program that stops there.
    const slow = packed(data, "zstd");
    writeFileSync(place.path("a.zst"), slow);
    const request = { source: place.path("a.zst"), sha256: sha256(slow) };
    mkdirSync(place.path("bin"));
    const program = `#!/bin/sh\nPATH=\${PATH#*:}; zstd "$@" | head -c 1000000; touch '${place.path("begun")}'; sleep 20\n`;
    writeFileSync(place.path("bin/zstd"), program, { mode: 0o755 });
    const first = new Run(request, ["env", `PATH=${place.path("bin")}:${process.env["PATH"] ?? ""}`]);
    await until("it is in the middle", () => existsSync(place.path("begun")));
    const unfinished = place.path(join("cache/images/contents", `${sha256(slow)}.part`));
    await until("a part is written", () => statSync(unfinished).size >= 900_000);
    const second = new Run(request);
    await until("the second waits", () => second.text.includes("waiting for another run"));
    await first.kill();
    right(await second.good());
  });

  it("clears away what nobody has come back for in a week, and nothing younger", async () => {
    for (const [name, days] of [
      ["old", 8],
      ["young", 6],
    ] as const) {
      const folder = place.path(join("cache/images/downloads", name));
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "part"), "x");
      const date = new Date(Date.now() - days * 24 * 3600 * 1000);
      utimesSync(join(folder, "part"), date, date);
      utimesSync(folder, date, date);
    }
    server.serve("/a.gz", bytes);
    await new Run(request()).good();
    assert.deepEqual(cacheFiles("downloads"), ["young"]);
  });

  /** Runs in a mount namespace of its own, where the cache is a disk of so many bytes. */
  const smallDisk = (size: number): string[] => [
    "unshare",
    "--mount",
    "sh",
    "-c",
    `mount -t tmpfs -o size=${size} none "$CLUSTER_CACHE_DIR" && exec "$@"`,
    "sh",
  ];
  const mounts = (): boolean =>
    process.getuid?.() === 0 &&
    spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;

  const FULL =
    /room for the image in the cache; .*: free some \(npm run image -- clean\), or set CLUSTER_CACHE_DIR/;

  it("does not begin to fill a disk that is too small", async function () {
    if (!mounts()) return void this.skip(); // wants root and mount namespaces
    mkdirSync(place.path("cache"));
    server.serve("/a.gz", bytes);
    const finding = await new Run(request(), smallDisk(1_000_000)).finding();
    assert.match("problem" in finding ? finding.problem : "", FULL);
    assert.match(
      "problem" in finding ? finding.problem : "",
      /has \d\.\d MB free, and \d\.\d MB of \d\.\d MB are to come/,
    );
  });

  it("says so when the disk fills up, while it downloads and while it unpacks", async function () {
    if (!mounts()) return void this.skip(); // wants root and mount namespaces
    mkdirSync(place.path("cache"));
    server.on("/a.gz", (_request, response) => response.end(bytes)); // without a length, nobody can know before
    const whole = await new Run(request(), smallDisk(1_000_000)).finding();
    assert.match("problem" in whole ? whole.problem : "", FULL);
    const zeros = packed(qcow2Image(4_000_000), "gzip");
    writeFileSync(place.path("b.gz"), zeros);
    const half = await new Run(
      { source: place.path("b.gz"), sha256: sha256(zeros) },
      smallDisk(2_000_000),
    ).finding();
    assert.match("problem" in half ? half.problem : "", FULL);
  });

  it("leaves nothing behind where a file may not grow so large", async () => {
    server.serve("/a.gz", bytes);
    // In units of 512 bytes by POSIX, of 1024 in bash: either is too small.
    const limited = ["sh", "-c", 'ulimit -f 1000; exec "$@"', "sh"];
    const finding = await new Run(request(), limited).finding();
    assert.match("problem" in finding ? finding.problem : "", FULL);
    assert.match("problem" in finding ? finding.problem : "", /EFBIG/);
    assert.deepEqual(cacheFiles("contents"), []);
    right(await new Run(request()).good());
  });
});
