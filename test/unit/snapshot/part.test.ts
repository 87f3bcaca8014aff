/** Files that appear whole or not at all. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beginPart } from "../../../commands/snapshot/part.ts";

describe("a file in the making", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "part-"));
    file = join(folder, "data.db");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("has its name when it is kept, and is its owner's alone", async () => {
    const part = await beginPart(file, false);
    await part.write(Buffer.from("one, "));
    await part.write(Buffer.from("two"));
    deepEqual(readdirSync(folder), ["data.db.part"]);
    await part.keep();
    await part.drop();
    deepEqual(readdirSync(folder), ["data.db"]);
    equal(readFileSync(file, "utf8"), "one, two");
    equal(statSync(file).mode & 0o777, 0o600);
  });

  it("leaves nothing when it is dropped", async () => {
    const part = await beginPart(file, false);
    await part.write(Buffer.from("one"));
    await part.drop();
    deepEqual(readdirSync(folder), []);
  });

  it("replaces what a killed run left, whatever its mode", async () => {
    writeFileSync(`${file}.part`, "half", { mode: 0o644 });
    const part = await beginPart(file, false);
    await part.keep();
    equal(readFileSync(file, "utf8"), "");
    equal(statSync(file).mode & 0o777, 0o600);
  });

  it("never replaces a file unasked, not even one that came meanwhile", async () => {
    writeFileSync(file, "mine");
    await rejects(beginPart(file, false), /data\.db exists.*--overwrite/);
    rmSync(file);
    const part = await beginPart(file, false);
    writeFileSync(file, "mine too");
    await rejects(part.keep(), /data\.db exists/);
    await part.drop();
    equal(readFileSync(file, "utf8"), "mine too");
    deepEqual(readdirSync(folder), ["data.db"]);
  });

  it("replaces a file when told to, and not before it is whole", async () => {
    writeFileSync(file, "old");
    const part = await beginPart(file, true);
    await part.write(Buffer.from("new"));
    equal(readFileSync(file, "utf8"), "old");
    await part.keep();
    equal(readFileSync(file, "utf8"), "new");
  });

  it("is left to the run that began last", async () => {
    const [first, second] = [await beginPart(file, false), await beginPart(file, false)];
    await first.write(Buffer.from("first"));
    await rejects(first.keep(), /another run/);
    await first.drop();
    await second.write(Buffer.from("second"));
    await second.keep();
    equal(readFileSync(file, "utf8"), "second");
  });

  it("says where it can't be written", async () => {
    await rejects(beginPart(join(folder, "none", "data.db"), false), /none\/data\.db\.part can't be written/);
  });
});
