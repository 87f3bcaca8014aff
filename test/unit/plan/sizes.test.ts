import assert from "node:assert/strict";
import fc from "fast-check";
import { formatSize, GIB, MIB, parseSize } from "../../../plan/sizes.ts";

describe("sizes", () => {
  const table: [string | number, number, number | undefined][] = [
    [512, MIB, 512 * MIB],
    ["512", MIB, 512 * MIB],
    ["8", GIB, 8 * GIB],
    ["512MiB", GIB, 512 * MIB],
    ["1.5GiB", MIB, 1536 * MIB],
    [" 2 GiB ", MIB, 2 * GIB],
    ["1TiB", MIB, 1024 * GIB],
    ["0", MIB, 0],
    ["2GB", MIB, undefined],
    ["2G", MIB, undefined],
    ["2gib", MIB, undefined],
    ["64KiB", MIB, undefined],
    ["-1", MIB, undefined],
    [-1, MIB, undefined],
    ["", MIB, undefined],
    ["1e3", MIB, undefined],
    ["0x10", MIB, undefined],
    ["NaN", MIB, undefined],
    [Infinity, MIB, undefined],
    ["9".repeat(400), MIB, undefined],
    ["1GiB\n1", MIB, undefined],
  ];
  for (const [value, unit, bytes] of table) {
    it(`reads ${JSON.stringify(value)} in units of ${unit} as ${bytes ?? "no size"}`, () => {
      assert.equal(parseSize(value, unit), bytes);
    });
  }

  it("are written so that they are read again as they were", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 26 }), (mebibytes) => {
        assert.equal(parseSize(formatSize(mebibytes * MIB), GIB), mebibytes * MIB);
      }),
    );
    assert.equal(formatSize(8 * GIB), "8GiB");
    assert.equal(formatSize(1536 * MIB), "1536MiB");
  });
});
