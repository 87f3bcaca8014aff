import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cacheFolder, contentDigest, contentIdentity, identitiesFolder } from "../../../images/identity.ts";
import { diskFormat, packingOf } from "../../../images/format.ts";
import { imageAt } from "../../../images/inspect.ts";
import { ImageProblem } from "../../../images/problem.ts";

const GIB = 2 ** 30;

interface Qcow2 {
  readonly version?: number;
  readonly size?: number;
  readonly backing?: number;
  readonly encryption?: number;
}

/** A qcow2 header as QEMU's documentation lays it out. */
function qcow2({ version = 3, size = 8 * GIB, backing = 0, encryption = 0 }: Qcow2 = {}): Buffer {
  const header = Buffer.alloc(1024);
  header.write("QFI\xfb", 0, "latin1");
  header.writeUInt32BE(version, 4);
  header.writeBigUInt64BE(BigInt(backing), 8);
  header.writeBigUInt64BE(BigInt(size), 24);
  header.writeUInt32BE(encryption, 32);
  return header;
}

function raw(size: number): Buffer {
  const disk = Buffer.alloc(size);
  disk.writeUInt16BE(0x55aa, 510);
  return disk;
}

describe("disk formats", () => {
  it("gives qcow2's virtual size, not the file's", () => {
    assert.deepEqual(diskFormat(qcow2(), 1024), { format: "qcow2", virtualSize: 8 * GIB });
    assert.deepEqual(diskFormat(qcow2({ version: 2, size: 512 }), 99), { format: "qcow2", virtualSize: 512 });
  });

  it("gives a raw disk's size", () => {
    assert.deepEqual(diskFormat(raw(2048), 2048), { format: "raw", virtualSize: 2048 });
  });

  const wrong: [string, Buffer, RegExp][] = [
    ["qcow2 over a backing file", qcow2({ backing: 104 }), /backing file: run qemu-img convert/],
    ["encrypted qcow2", qcow2({ encryption: 1 }), /not encrypted/],
    ["qcow2 of another version", qcow2({ version: 1 }), /version 2 or 3; this one says 1/],
    ["qcow2 without a size", qcow2({ size: 0 }), /sound disk size/],
    ["a cut off qcow2", qcow2().subarray(0, 40), /ends within its header/],
    ["what is still packed", Buffer.from("BZh91AY"), /packed twice: with bzip2 inside/],
    ["VMDK", Buffer.from("KDMV"), /VMDK: run qemu-img convert/],
    ["a text", Buffer.from("<html>404</html>"), /neither \(no qcow2 header, no partition table\)/],
    ["an empty file", Buffer.alloc(0), /neither/],
    ["a raw disk with half a sector", raw(1025), /does not end at a sector's end/],
  ];
  for (const [what, header, problem] of wrong) {
    it(`refuses ${what}, saying what to do`, () => {
      const found = diskFormat(header, header.length);
      assert.ok("problem" in found);
      assert.match(found.problem, problem);
    });
  }
});

describe("packings", () => {
  for (const [start, packing] of [
    ["425a6839", "bzip2"],
    ["1f8b0800", "gzip"],
    ["fd377a585a0000", "xz"],
    ["28b52ffd04", "zstd"],
    ["502a4d1804", "zstd"],
    ["514649fb", undefined],
    ["", undefined],
  ] as const) {
    it(`finds ${packing ?? "none"} in ${start === "" ? "an empty file" : start}`, () => {
      assert.equal(packingOf(Buffer.from(start, "hex")), packing);
    });
  }
});

describe("images and their identity", () => {
  let folder: string;
  let cache: string;
  const before = process.env["XDG_CACHE_HOME"];
  const moved = process.env["CLUSTER_CACHE_DIR"];
  const sha256 = (data: Buffer | string): string => createHash("sha256").update(data).digest("hex");

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "images-"));
    process.env["XDG_CACHE_HOME"] = join(folder, "cache");
    delete process.env["CLUSTER_CACHE_DIR"];
    cache = identitiesFolder();
  });

  afterEach(() => {
    if (before === undefined) delete process.env["XDG_CACHE_HOME"];
    else process.env["XDG_CACHE_HOME"] = before;
    if (moved !== undefined) process.env["CLUSTER_CACHE_DIR"] = moved;
    rmSync(folder, { recursive: true });
  });

  const problemOf = (value: string): string => {
    try {
      imageAt(join(folder, value));
    } catch (error) {
      if (error instanceof ImageProblem) return error.message;
      throw error;
    }
    assert.fail("this is an image");
  };

  it("are known by path, content, format and size", () => {
    writeFileSync(join(folder, "a.qcow2"), qcow2());
    const image = {
      kind: "file",
      path: join(folder, "a.qcow2"),
      sha256: sha256(qcow2()),
      format: "qcow2",
      virtualSize: 8 * GIB,
    };
    assert.deepEqual(imageAt(join(folder, "a.qcow2")), image);
  });

  it("are refused with what is there instead", () => {
    mkdirSync(join(folder, "d"));
    assert.equal(problemOf("none.img"), `an existing file; there is no ${join(folder, "none.img")}`);
    assert.equal(problemOf("d"), `a file; ${join(folder, "d")} is a folder`);
    writeFileSync(join(folder, "text"), "<html>404</html>");
    assert.match(problemOf("text"), /this file is neither .* \(.*\/text\)$/);
    symlinkSync("nowhere", join(folder, "link"));
    assert.match(problemOf("link"), /there is no/);
  });

  it("keep their sha256 in the cache, for this user only, while they are untouched", async () => {
    const file = join(folder, "a.raw");
    writeFileSync(file, "one");
    await sleep(80); // a file that was changed just now is not remembered
    assert.equal(contentIdentity(file), sha256("one"));
    const [entry = ""] = readdirSync(cache);
    assert.equal(statSync(join(cache, entry)).mode & 0o777, 0o600);
    // That it is the cache that answers shows in an entry that was tampered with.
    const text = readFileSync(join(cache, entry), "utf8");
    writeFileSync(join(cache, entry), text.replace(sha256("one"), "0".repeat(64)));
    assert.equal(contentIdentity(file), "0".repeat(64));
  });

  it("are hashed anew when they changed, in whatever way", async () => {
    const file = join(folder, "a.raw");
    const old = new Date("2020-01-01T00:00:00Z");
    writeFileSync(file, "one");
    utimesSync(file, old, old);
    await sleep(80);
    assert.equal(contentIdentity(file), sha256("one"));
    writeFileSync(file, "two"); // the same size, and its time stamp put back
    utimesSync(file, old, old);
    assert.equal(contentIdentity(file), sha256("two"));
    await sleep(80);
    writeFileSync(join(folder, "b.raw"), "six"); // another file in its place
    utimesSync(join(folder, "b.raw"), old, old);
    renameSync(join(folder, "b.raw"), file);
    assert.equal(contentIdentity(file), sha256("six"));
    appendFileSync(file, "more");
    assert.equal(contentIdentity(file), sha256("sixmore"));
  });

  it("are kept where CLUSTER_CACHE_DIR or XDG_CACHE_HOME says", () => {
    const home = process.env["HOME"] ?? "";
    assert.equal(cacheFolder({}), join(home, ".cache/coreos-cluster"));
    assert.equal(cacheFolder({ XDG_CACHE_HOME: "relative" }), join(home, ".cache/coreos-cluster"));
    assert.equal(cacheFolder({ XDG_CACHE_HOME: "/c" }), "/c/coreos-cluster");
    assert.equal(cacheFolder({ XDG_CACHE_HOME: "/c", CLUSTER_CACHE_DIR: "/d" }), "/d");
  });

  it("have two digests, kept apart", async () => {
    const file = join(folder, "a.raw");
    writeFileSync(file, "one");
    await sleep(80);
    for (let run = 0; run < 2; run++) {
      assert.equal(contentDigest(file, "sha256"), sha256("one"));
      assert.equal(contentDigest(file, "sha512"), createHash("sha512").update("one").digest("hex"));
    }
  });

  it("are hashed whole, however large", () => {
    const data = Buffer.alloc(9 * 2 ** 20 + 17, "abc");
    writeFileSync(join(folder, "a.raw"), data);
    assert.equal(contentIdentity(join(folder, "a.raw")), sha256(data));
  });

  it("do without a cache that is broken or can't be written", async () => {
    const file = join(folder, "a.raw");
    writeFileSync(file, "one");
    await sleep(80);
    contentIdentity(file);
    const [entry = ""] = readdirSync(cache);
    for (const broken of ["", "{", "null", '{"stamp":1}', '{"stamp":"x","digest":"y"}']) {
      writeFileSync(join(cache, entry), broken);
      assert.equal(contentIdentity(file), sha256("one"));
    }
    rmSync(cache, { recursive: true });
    writeFileSync(cache, "a file where the folder should be");
    assert.equal(contentIdentity(file), sha256("one"));
    chmodSync(cache, 0o600);
  });
});
