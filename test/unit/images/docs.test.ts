import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PINNED_KEYS } from "../../../images/keys.ts";
import { STREAMS } from "../../../images/streams.ts";
import { imageRequestOf } from "../../../plan/schema/image.ts";

const text = readFileSync(join(import.meta.dirname, "../../../docs/images.md"), "utf8");

describe("docs/images.md", () => {
  it("names each stream", () => {
    const rows = text.split("\n").filter((line) => /^\| `(flatcar|fedora-coreos)-/.test(line));
    const named = rows.flatMap((row) => {
      const [first = "", ...others] = [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(
        ([, name = ""]) => name,
      );
      const os = first.replace(/-[a-z]+$/, "");
      return [first, ...others.map((name) => `${os}${name}`)];
    });
    assert.deepEqual(named, STREAMS);
  });

  it("gives the pinned keys of each family, and no other", () => {
    const rows = text.split("\n").filter((line) => /`[0-9A-F]{40}`/.test(line));
    const found = rows.map((row) => [
      /^\| `([a-z-]+)`/.exec(row)?.[1],
      [...row.matchAll(/`([0-9A-F]{40})`/g)].map(([, key]) => key),
    ]);
    const pinned = Object.entries(PINNED_KEYS).map(([family, { fingerprints }]) => [family, fingerprints]);
    assert.deepEqual(Object.fromEntries(found), Object.fromEntries(pinned));
  });

  it("sets only what there is", () => {
    const parts = [...text.matchAll(/`image\.(\w+)/g), ...text.matchAll(/--path image\.(\w+)/g)].map(
      ([, part = ""]) => part,
    );
    assert.ok(parts.length > 6);
    const values: Readonly<Record<string, unknown>> = {
      sha256: "a".repeat(64),
      sha512: "a".repeat(128),
      insecure: true,
    };
    for (const part of new Set(parts))
      assert.ok(imageRequestOf({ source: "x", [part]: values[part] ?? "x" }) !== undefined, part);
  });
});
