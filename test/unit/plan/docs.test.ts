import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { DEFAULTS, makePlan } from "../../../plan/index.ts";
import { CONFIG_KEY_NAMES, CONFIG_KEYS } from "../../../plan/keys.ts";
import { OS_TRAITS } from "../../../plan/os.ts";
import { settingsSchema } from "../../../plan/schema.ts";
import { formatSize } from "../../../plan/sizes.ts";
import { settings } from "./fixtures.ts";

const root = join(import.meta.dirname, "../../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const docs = read("docs/configuration.md");

/** Cells of the rows of the table that begins after a heading, without backquotes. */
function table(after: string): string[][] {
  const lines = docs.slice(docs.indexOf(after)).split("\n");
  const start = lines.findIndex((line) => line.startsWith("| ---"));
  const rows = lines.slice(start + 1);
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith("|")),
    )
    .map((line) =>
      line
        .replaceAll("`", "")
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe("the config keys", () => {
  it("are the same in the schema, in Pulumi.yaml and in docs/configuration.md, in one order", () => {
    const schema = Object.keys(settingsSchema({ os: "lab", virtualSize: undefined }).shape);
    const { config } = parse(read("Pulumi.yaml")) as { config: object };
    const documented = table("# Configuration").map(([key]) => key);
    assert.deepEqual([...schema].sort(), [...CONFIG_KEY_NAMES].sort());
    assert.deepEqual(Object.keys(config), CONFIG_KEY_NAMES);
    assert.deepEqual(documented, CONFIG_KEY_NAMES);
  });

  it("have in Pulumi.yaml their description, an empty default, and no type", () => {
    const { config } = parse(read("Pulumi.yaml")) as { config: object };
    const expected = Object.entries(CONFIG_KEYS).map(([key, { description }]) => [
      key,
      { description, default: "" },
    ]);
    assert.deepEqual(Object.entries(config), expected);
  });

  it("have in docs/configuration.md the defaults that hold", () => {
    const documented = Object.fromEntries(
      table("# Configuration").map(([key, value]) => [key ?? "", value ?? ""]),
    );
    assert.equal(documented["nodes"], String(DEFAULTS.nodes));
    assert.equal(documented["vcpus"], String(DEFAULTS.vcpus));
    assert.ok(documented["diskSize"]?.startsWith(`${formatSize(DEFAULTS.diskSize)},`));
    for (const key of ["bridge", "domainType", "os", "poolPath"] as const)
      assert.equal(documented[key], DEFAULTS[key]);
    const { kvm, qemu } = DEFAULTS.readinessTimeout;
    assert.equal(documented["readinessTimeout"], `${kvm}; ${qemu} where domainType is qemu`);
    assert.ok(docs.includes(`by default \`${DEFAULTS.discoveryEndpoint}\``));
    for (const [os, least, usual] of table("## Memory by operating system")) {
      const needs = OS_TRAITS[os as keyof typeof OS_TRAITS];
      assert.deepEqual([least, usual], [`${needs.memoryFloor} MiB`, `${needs.memoryDefault} MiB`]);
    }
  });

  it("make a plan as the example in docs/configuration.md sets them", () => {
    const example = /```yaml\n(config:.*?)```/s.exec(docs)?.[1] ?? "";
    const { config } = parse(example) as { config: Record<string, unknown> };
    const own = Object.entries(config).filter(([key]) => key.startsWith("coreos-cluster:"));
    const values = Object.fromEntries(own.map(([key, value]) => [key.replace("coreos-cluster:", ""), value]));
    assert.equal(makePlan({ ...settings(), values }).nodes.length, 3);
  });
});
