import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { parse } from "yaml";
import { DEFAULTS, makePlan } from "../../../plan/index.ts";
import { CONFIG_KEY_NAMES, CONFIG_KEYS, infoAt, knownAt } from "../../../plan/keys.ts";
import { declaredKeys, withConfigBlock, withSections } from "../../../plan/docs.ts";
import { nodeEntry } from "../../../plan/schema/nodes.ts";
import { settingsSchema } from "../../../plan/schema/index.ts";
import { settings } from "./fixtures.ts";
import { afterCommands } from "./pulumiConfig.ts";

const root = join(import.meta.dirname, "../../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const docs = read("docs/configuration.md");
const context = { os: undefined, virtualSize: undefined };

describe("the config keys", () => {
  it("are the same in the schema and in the table that docs are written from", () => {
    const schema = Object.keys(settingsSchema(context).shape);
    assert.deepEqual([...schema].sort(), [...CONFIG_KEY_NAMES].sort());
    assert.deepEqual(knownAt(["nodes", "a"]).sort(), Object.keys(nodeEntry(context).shape).sort());
  });

  it("have in Pulumi.yaml their description, an empty default, and no type", () => {
    const { config } = parse(read("Pulumi.yaml")) as { config: object };
    assert.deepEqual(Object.entries(config), Object.entries(declaredKeys()));
  });

  it("have in docs/configuration.md what the tables in the code say (else: npm run config:docs)", async () => {
    const file = join(root, "docs/configuration.md");
    const written = await format(withSections(docs), { ...(await resolveConfig(file)), filepath: file });
    assert.equal(written, docs);
    for (const [key, { description }] of Object.entries(CONFIG_KEYS))
      assert.match(
        docs,
        new RegExp(`^\\| \`${key}\` +\\|.*${description.slice(0, 20).replace(/[(/]/g, ".")}`, "m"),
      );
  });

  it("have examples that are right", () => {
    for (const [key, info] of Object.entries(CONFIG_KEYS)) {
      const path = [key, ...("within" in info ? info.within : [])];
      const text = path
        .map((part) => (typeof part === "number" ? `[${part}]` : part))
        .join(".")
        .replace(".[", "[");
      const values = afterCommands({}, `pulumi config set --path '${text}' ${info.example}`);
      const schema = settingsSchema(context).shape[key as keyof typeof CONFIG_KEYS];
      const result = schema.safeParse(values[key]);
      // The example of a map with several parts is one of them.
      const missing = result.success ? [] : result.error.issues.filter(({ path: at }) => at.length === 0);
      assert.deepEqual(missing, [], key);
      assert.ok(infoAt([key])?.expected);
    }
  });
});

describe("what is written from the tables", () => {
  it("stands between markers, and leaves all else alone", () => {
    const text = "# A\n\n<!-- generated: systems -->\nold\n<!-- end -->\n\nB\n";
    const made = withSections(text);
    assert.match(made, /^# A\n\n<!-- generated: systems -->\n\n\| `os` .*\n\n<!-- end -->\n\nB\n$/s);
    assert.equal(withSections(made), made);
    assert.throws(() => withSections("<!-- generated: nothing -->\n<!-- end -->"), /no section nothing/);
    assert.throws(() => withSections("<!-- generated: systems -->\n"), /no end/);
    assert.throws(
      () => withSections("<!-- generated: systems -->\n<!-- generated: image -->\n<!-- end -->"),
      /no end/,
    );
  });

  it("is Pulumi.yaml's block config:, wherever it stands", () => {
    const text = "name: a\nconfig:\n  x:\n    y: 1\n\n  # z\n  z: {}\nmain: b\n";
    assert.equal(withConfigBlock(text, "config:\n  new: $&\n"), "name: a\nconfig:\n  new: $&\nmain: b\n");
    assert.throws(() => withConfigBlock("name: a\n", ""), /no block config:/);
  });
});

describe("docs/configuration.md", () => {
  const yaml = [...docs.matchAll(/```yaml\n(config:.*?)```/gs)].map(([, example = ""]) => example);

  it("has examples that make plans", () => {
    assert.equal(yaml.length, 2);
    const [small, named] = yaml.map((example) => {
      const { config } = parse(example) as { config: Record<string, unknown> };
      const own = Object.entries(config).filter(([key]) => key.startsWith("coreos-cluster:"));
      const values = Object.fromEntries(
        own.map(([key, value]) => [key.replace("coreos-cluster:", ""), value]),
      );
      return makePlan(settings({ os: undefined, ...values }));
    });
    assert.equal(small?.nodes.length, DEFAULTS.nodes);
    assert.deepEqual(
      named?.nodes.map(({ name, role, memory }) => `${name} ${role} ${memory}`),
      ["etcd-a member 2048", "etcd-b member 2048", "etcd-c member 2048", "web-1 client 4096"],
    );
  });

  it("has commands that set what they say", () => {
    const commands = [...docs.matchAll(/^pulumi config (?:set|rm) --path .*$/gm)].map(([line]) => line);
    const plain = commands.map((line) => line.replace(/'<what [^']*>'/, "ab".repeat(32)));
    const made = plain.reduce<Record<string, unknown>>((values, line) => afterCommands(values, line), {});
    assert.deepEqual(Object.keys(made).sort(), ["baseVolume", "discovery", "image", "nodes"]);
    assert.ok(commands.length >= 9);
    const { shape } = settingsSchema(context);
    for (const key of ["baseVolume", "discovery", "image"] as const)
      assert.ok(shape[key].safeParse(made[key]).success, key);
  });
});
