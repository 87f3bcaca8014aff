/** Golden files: what was reviewed once must come out again. `UPDATE_GOLDEN=1` writes them anew. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** @param file absolute path of the golden file. */
export function assertGolden(file: string, actual: string): void {
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, actual);
    return;
  }
  assert.equal(
    actual,
    readFileSync(file, "utf8"),
    `differs from ${file}; UPDATE_GOLDEN=1 writes it anew, for review`,
  );
}
