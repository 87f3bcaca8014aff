import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import { unzip } from "../../../lab/toolchain/archive.ts";
import { algorithmOf, listedSum, sumOf } from "../../../lab/toolchain/checksums.ts";
import { placeFile, placeLink } from "../../../lab/toolchain/place.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "toolchain-"))));
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("A checksum file", () => {
  const sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
  const list = `${sha256}  tool-linux-amd64.tar.gz\n${sha1}  ./tool-linux-arm64.tar.gz\r\n${sha256} *binary.zip\n`;

  it("gives the sum of exactly that file", () => {
    equal(listedSum(list, "tool-linux-amd64.tar.gz"), sha256);
    equal(listedSum(list, "tool-linux-arm64.tar.gz"), sha1);
    equal(listedSum(list, "binary.zip"), sha256);
    equal(listedSum(list, "tool-linux-amd64.tar"), undefined);
    equal(listedSum("<html>not found</html>", "binary.zip"), undefined);
  });

  it("tells the algorithm by the sum's length", async () => {
    const file = join(folder, "empty");
    writeFileSync(file, "");
    for (const sum of [sha256, sha1]) equal(await sumOf(file, algorithmOf(sum)), sum);
    throws(() => algorithmOf("1234"), /no SHA-1, SHA-256 or SHA-512 sum/);
    throws(() => algorithmOf("z".repeat(64)));
  });
});

/** A zip archive as other programs write it. */
function zipOf(files: Record<string, { content: string; stored?: boolean; sum?: number }>): Buffer {
  const [bodies, directory]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [name, { content, stored = false, sum = crc32(content) }] of Object.entries(files)) {
    const packed = stored ? Buffer.from(content) : deflateRawSync(content);
    const header = Buffer.alloc(26);
    header.writeUInt16LE(stored ? 0 : 8, 4);
    header.writeUInt32LE(sum, 10);
    header.writeUInt32LE(packed.length, 14);
    header.writeUInt32LE(content.length, 18);
    header.writeUInt16LE(name.length, 22);
    bodies.push(Buffer.from("PK\x03\x04"), header, Buffer.from(name), packed);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), header, tail, Buffer.from(name));
    offset += 4 + header.length + name.length + packed.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(files).length, 6);
  end.writeUInt32LE(entries.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...bodies, entries, Buffer.from("PK\x05\x06"), end]);
}

describe("A zip archive", () => {
  const write = (zip: Buffer): string => {
    const file = join(folder, "archive.zip");
    writeFileSync(file, zip);
    return file;
  };

  it("is unpacked, whether packed or stored, with its folders", async () => {
    const long = "text ".repeat(5000);
    await unzip(
      write(
        zipOf({
          "a/": { content: "", stored: true },
          "a/long": { content: long },
          plain: { content: "x", stored: true },
        }),
      ),
      join(folder, "out"),
    );
    equal(readFileSync(join(folder, "out/a/long"), "utf8"), long);
    equal(readFileSync(join(folder, "out/plain"), "utf8"), "x");
  });
  it("puts nothing outside its folder", async () => {
    await rejects(
      unzip(write(zipOf({ "../evil": { content: "x" } })), join(folder, "out")),
      /outside its folder/,
    );
    ok(!existsSync(join(folder, "evil")));
  });
  it("is refused when it is damaged or something else", async () => {
    await rejects(unzip(write(zipOf({ a: { content: "x", sum: 1 } })), join(folder, "out")), /a is damaged/);
    await rejects(unzip(write(Buffer.from("no zip".repeat(10))), join(folder, "out")), /is no zip archive/);
  });
});

describe("Placing a file or a link", () => {
  it("makes folders, replaces whatever was there, and leaves no drafts", async () => {
    const link = join(folder, "deep/link");
    await placeLink("/first", link);
    equal(readlinkSync(link), "/first");
    await placeLink("/second", link);
    equal(readlinkSync(link), "/second");
    rmSync(link);
    mkdirSync(link);
    writeFileSync(join(link, "inner"), "");
    await placeLink("/third", link);
    equal(readlinkSync(link), "/third");
    await placeFile(link, "text", 0o755);
    ok(lstatSync(link).isFile());
    equal(statSync(link).mode & 0o777, 0o755);
    deepEqual(readdirSync(join(folder, "deep")), ["link"]);
  });

  it("touches nothing that is right already", async () => {
    const file = join(folder, "file");
    await placeFile(file, "text", 0o600);
    utimesSync(file, 1, 1);
    await placeFile(file, "text", 0o600);
    equal(statSync(file).mtimeMs, 1000);
  });
});
