import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { packingOf, type Packing } from "../../../images/format.ts";
import { unpack } from "../../../images/unpack.ts";
import { packed, Place, qcow2Image, rawImage, sha256 } from "./support.ts";

const PACKINGS: readonly Packing[] = ["bzip2", "gzip", "xz", "zstd"];

describe("unpacking", function () {
  this.timeout(30_000);
  const place = new Place();
  beforeEach(() => {
    place.begin();
  });
  afterEach(() => {
    place.end();
  });

  async function unpacked(bytes: Buffer, packing: Packing, programs: boolean): Promise<Buffer> {
    writeFileSync(place.path("packed"), bytes);
    const found = await unpack(place.path("packed"), packing, place.path("out"), () => undefined, {
      programs,
    });
    const data = readFileSync(place.path("out"));
    assert.deepEqual(found, { sha256: sha256(data), size: data.length });
    return data;
  }

  for (const packing of PACKINGS) {
    for (const programs of packing === "gzip" ? [false] : [true, false]) {
      const how = `${packing}, ${programs ? "by the system's program" : "by a library"}`;
      it(`gives what was packed: ${how}`, async () => {
        for (const data of [qcow2Image(400_000), rawImage(), Buffer.from("x"), Buffer.alloc(200_000)])
          assert.ok((await unpacked(packed(data, packing), packing, programs)).equals(data));
      });

      it(`takes several packed streams in one file, as parallel packers write them: ${how}`, async () => {
        const [one, two] = [qcow2Image(300_000, "one"), qcow2Image(200_000, "two")];
        const bytes = Buffer.concat([packed(one, packing), packed(two, packing)]);
        assert.ok((await unpacked(bytes, packing, programs)).equals(Buffer.concat([one, two])));
      });

      if (packing === "zstd") {
        it(`passes over frames that are to be skipped: ${how}`, async () => {
          const skipped = Buffer.from("502a4d1804000000deadbeef5f2a4d1800000000", "hex");
          const parts = [qcow2Image(300_000, "one"), Buffer.alloc(0), qcow2Image(2000, "two")];
          const bytes = parts.flatMap((part) => [skipped, packed(part, packing)]);
          assert.ok(
            (await unpacked(Buffer.concat([...bytes, skipped]), packing, programs)).equals(
              Buffer.concat(parts),
            ),
          );
          for (const tail of [skipped.subarray(0, 10), skipped.subarray(0, 3), Buffer.from("more")])
            await assert.rejects(
              unpacked(Buffer.concat([...bytes, tail]), packing, programs),
              /damaged or cut off/,
            );
        });
      }

      it(`finds each cut, and each changed byte: ${how}`, async () => {
        const bytes = packed(qcow2Image(20_000), packing);
        for (const length of [10, 1000, bytes.length - 3]) {
          await assert.rejects(
            unpacked(bytes.subarray(0, length), packing, programs),
            new RegExp(`a whole ${packing} file; this one is damaged or cut off \\(`),
          );
        }
        if (packing === "zstd") return; // by default it carries no checksum: that is what `verify` is for
        const changed = Buffer.from(bytes);
        changed[10_000] = (changed[10_000] ?? 0) ^ 1;
        await assert.rejects(unpacked(changed, packing, programs), /damaged or cut off/);
      });
    }
  }

  it("gives what was packed, whatever it is", async () => {
    const blocks = fc.array(fc.oneof(fc.constant(Buffer.alloc(70_000)), fc.uint8Array({ maxLength: 500 })), {
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(blocks, fc.constantFrom<Packing>("gzip", "zstd"), async (parts, packing) => {
        const data = Buffer.concat(parts);
        assert.ok((await unpacked(packed(data, packing), packing, false)).equals(data));
      }),
      { numRuns: 30 },
    );
  });

  it("works where the system has no such programs", async () => {
    const bytes = packed(qcow2Image(), "bzip2");
    const path = process.env["PATH"];
    process.env["PATH"] = "/nonexistent";
    try {
      assert.ok((await unpacked(bytes, "bzip2", true)).equals(qcow2Image()));
    } finally {
      process.env["PATH"] = path;
    }
  });

  it("tells what the usual programs write", () => {
    for (const packing of ["gzip", "bzip2", "xz", "zstd"] as const)
      assert.equal(packingOf(execFileSync(packing, ["-c"], { input: "data" })), packing);
  });
});
