import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cached, dropUnusedCache, dropUses } from "../../../lab/shared/cache.ts";
import { labPaths, type LabContext } from "../../../lab/shared/context.ts";
import { withLock } from "../../../lab/shared/lock.ts";

describe("the cache that checkouts share", () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "cache-"));
  });

  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  async function checkout(name: string): Promise<LabContext> {
    const folder = join(root, name);
    await mkdir(folder, { recursive: true });
    return { paths: labPaths(folder, { CLUSTER_CACHE_DIR: join(root, "cache") }), report: () => undefined };
  }

  const fill = (text: string) => (folder: string) => writeFile(join(folder, "file"), text);

  it("makes an entry once, also when two want it at the same time", async () => {
    const context = await checkout("a");
    let made = 0;
    const make = async (folder: string): Promise<void> => {
      made += 1;
      await fill("content")(folder);
    };
    const [one, other] = await Promise.all([
      cached(context, "tool-1", make),
      cached(context, "tool-1", make),
    ]);
    assert.equal(one, other);
    assert.equal(made, 1);
    assert.equal(await readFile(join(one, "file"), "utf8"), "content");
  });

  it("keeps nothing of an entry whose making failed or was killed", async () => {
    const context = await checkout("a");
    const failing = cached(context, "tool-1", async (folder) => {
      await fill("half")(folder);
      throw new Error("no room");
    });
    await assert.rejects(failing, /no room/);
    await mkdir(join(root, "cache", "entries", "tool-1.part"), { recursive: true });
    await writeFile(join(root, "cache", "entries", "tool-1.part", "left over"), "");
    const entry = await cached(context, "tool-1", fill("whole"));
    assert.deepEqual(await readdir(entry), ["file"]);
  });

  it("drops what no other checkout uses, and keeps what one does", async () => {
    const [a, b] = [await checkout("a"), await checkout("b")];
    await cached(a, "shared-1", fill(""));
    await cached(b, "shared-1", fill(""));
    await cached(a, "mine-1", fill(""));
    assert.deepEqual(await dropUses(a.paths), ["mine-1"]);
    await dropUnusedCache(a.paths);
    assert.deepEqual(await readdir(join(root, "cache", "entries")), ["shared-1"]);
  });

  it("counts no checkout that is gone, and leaves no folder after the last", async () => {
    const [a, b] = [await checkout("a"), await checkout("b")];
    await cached(a, "tool-1", fill(""));
    await cached(b, "tool-1", fill(""));
    await rm(b.paths.checkout, { recursive: true });
    assert.deepEqual(await dropUses(a.paths), ["tool-1"]);
    await dropUnusedCache(a.paths);
    assert.equal(existsSync(join(root, "cache")), false);
  });

  it("leaves alone what is not the cache's", async () => {
    const a = await checkout("a");
    await cached(a, "tool-1", fill(""));
    await writeFile(join(root, "cache", "a file of the user's"), "");
    await dropUses(a.paths);
    await dropUnusedCache(a.paths);
    assert.deepEqual(await readdir(join(root, "cache")), ["a file of the user's"]);
  });
});

describe("a lock", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "lock-"));
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("lets one in at a time", async () => {
    const file = join(folder, "one");
    let inside = 0;
    const work = async (): Promise<number> => {
      inside += 1;
      const seen = inside;
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside -= 1;
      return seen;
    };
    assert.deepEqual(await Promise.all([1, 2, 3].map(() => withLock(file, work))), [1, 1, 1]);
  });

  it("is free again after its holder was killed", async () => {
    const file = join(folder, "killed");
    const module = JSON.stringify(join(import.meta.dirname, "../../../lab/shared/lock.ts"));
    const script = `const { withLock } = await import(${module});
      await withLock(${JSON.stringify(file)}, () => new Promise(() => { console.log("held"); setInterval(() => 0, 1000); }));`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    holder.kill("SIGKILL");
    assert.equal(await withLock(file, () => Promise.resolve("mine")), "mine");
  });
});
