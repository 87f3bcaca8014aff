/**
 * `npm run config:docs`: writes what docs/configuration.md and Pulumi.yaml say of the config keys, from the tables in
 * plan/. `--check` writes nothing and fails where they say something else.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { stringify } from "yaml";
import { declaredKeys, withConfigBlock, withSections } from "../plan/docs.ts";

const root = join(import.meta.dirname, "..");

const WRITERS: Readonly<Record<string, (text: string) => string>> = {
  "docs/configuration.md": withSections,
  "Pulumi.yaml": (text) => withConfigBlock(text, stringify({ config: declaredKeys() }, { lineWidth: 0 })),
};

const check = process.argv.includes("--check");
for (const [name, write] of Object.entries(WRITERS)) {
  const file = join(root, name);
  const before = readFileSync(file, "utf8");
  const after = await format(write(before), { ...(await resolveConfig(file)), filepath: file });
  if (after === before) continue;
  if (check) {
    console.error(`${name} does not say what plan/keys.ts and its like say: run npm run config:docs`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, after);
    console.log(`Wrote ${name}.`);
  }
}
