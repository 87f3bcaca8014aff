import { throws } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSnapshot } from "../../../commands/snapshot/file.ts";

describe("a snapshot that is not there", () => {
  const folder = mkdtempSync(join(tmpdir(), "snapshot-"));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const message = (path: string, wanted: string): void => {
    throws(() => readSnapshot(path), { name: "UserError", message: wanted });
  };

  it("is told by its name, with the file that was meant", () => {
    const file = join(folder, "monday.db");
    message(file, `there is no file ${file}`);
    writeFileSync(file, "");
    const typo = join(folder, "mondya.db");
    message(typo, `there is no file ${typo} (did you mean ${file}?)`);
  });

  it("is told by its folder where that is missing", () => {
    const file = join(folder, "backups", "monday.db");
    message(file, `there is no folder ${join(folder, "backups")}, and so no snapshot ${file}`);
  });
});
