import { deepEqual, doesNotMatch, equal, match, ok, rejects } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CONFIG_KEY_NAMES } from "../../../plan/keys.ts";
import { record } from "../components/fixtures.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJhO4Q5YzN2V1u8sP8uJb7kJ6c3YbX1l6o2pQwQf0n3A somebody";
const base = { baseVolume: { pool: "images", name: "flatcar.qcow2" }, sshAuthorizedKeys: [KEY] } as const;

describe("the library", () => {
  let library: typeof import("../../../library.ts");
  before(async () => {
    await record(() => undefined); // Pulumi's mocks: a stack is there to ask for
    library = await import("../../../library.ts");
  });

  it("makes a plan of typed settings, with the config's defaults", async () => {
    const plan = await library.clusterPlan({
      ...base,
      prefix: "red",
      nodes: { "red-a": { memory: 2048 }, "red-b": { role: "client", memory: "3GiB" } },
      discovery: { mode: "static" },
    });
    deepEqual(
      plan.nodes.map(({ name, role, memory }) => [name, role, memory]),
      [
        ["red-a", "member", 2048],
        ["red-b", "client", 3072],
      ],
    );
    equal(plan.bridge, "br0");
    deepEqual(plan.image, { kind: "volume", pool: "images", name: "flatcar.qcow2" });
  });

  it("says all that is wrong at once, in words of arguments", async () => {
    await rejects(
      library.clusterPlan({ sshAuthorizedKeys: [KEY], nodes: 0, bridge: "a bridge", image: "./nowhere.img" }),
      (error: Error) => {
        ok(error instanceof library.ConfigError);
        match(error.message, /in the settings of clusterPlan/);
        match(error.message, /nodes is 0\n {4}right would be: /);
        match(error.message, /bridge is "a bridge"/);
        match(error.message, /there is no .*nowhere\.img/);
        doesNotMatch(error.message, /pulumi config|mend it with/);
        return true;
      },
    );
  });

  it("fetches no image while anything else is wrong", async () => {
    const image = { source: "http://127.0.0.1:9/image.qcow2", sha256: "0".repeat(64) };
    await rejects(library.clusterPlan({ sshAuthorizedKeys: [KEY], nodes: 0, image }), (error: Error) => {
      match(error.message, /^1 problem in the settings/);
      return /nodes is 0/.test(error.message);
    });
  });

  it("repeats no secret", async () => {
    const url = "http://registry.example:2379/v2/keys/discovery/hush hush";
    await rejects(
      library.clusterPlan({ ...base, discovery: { mode: "url", url }, nodes: 0 }, { secrets: ["discovery"] }),
      (error: Error) => !error.message.includes("hush"),
    );
  });

  it("reads files beside the program, and says which it can't", async () => {
    const folder = mkdtempSync(join(tmpdir(), "library-"));
    try {
      const snippet = join(folder, "motd.yaml");
      writeFileSync(snippet, "storage: {}\n");
      const plan = await library.clusterPlan({ ...base, nodes: 1, snippets: [snippet] });
      equal(plan.nodes[0]?.snippets[0]?.text, "storage: {}\n");
      await rejects(
        library.clusterPlan({ ...base, snippets: [join(folder, "other.yaml")] }),
        /snippets.*\n.*there is no .*other\.yaml/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("has a setting for each config key, and no other", () => {
    const source = readFileSync(join(import.meta.dirname, "../../../library/settings.ts"), "utf8");
    const body = /export interface ClusterSettings \{([\s\S]*?)\n\}/.exec(source)?.[1] ?? "";
    const names = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name ?? "");
    deepEqual(names.toSorted(), [...CONFIG_KEY_NAMES].toSorted());
  });
});

describe("a cluster as a component", () => {
  const DOCUMENTED = [
    ["components/coreosCluster.ts", ["CoreOSClusterArgs", "NodeOutput", "CoreOSCluster"]],
    ["components/node.ts", ["NodeArgs", "Node"]],
    ["library/settings.ts", ["NodeSettings", "ClusterSettings"]],
  ] as const;

  for (const [file, types] of DOCUMENTED)
    it(`${file} says what each argument and output is`, () => {
      const lines = readFileSync(join(import.meta.dirname, "../../..", file), "utf8").split("\n");
      for (const type of types) {
        const start = lines.findIndex((line) =>
          new RegExp(`^export (interface|class) ${type}\\b`).test(line),
        );
        ok(start > 0, type);
        ok(/\*\/$/.test(lines[start - 1] ?? ""), `${type} says nothing of itself`);
        for (let at = start + 1; lines[at] !== "}"; at++)
          if (/^ {2}readonly \w+\??:/.test(lines[at] ?? ""))
            ok(/\*\/$/.test(lines[at - 1] ?? ""), `${type}: ${String(lines[at]).trim()} has no docstring`);
      }
    });

  it("is imported by a program elsewhere without a build", () => {
    const url = new URL("../../../library.ts", import.meta.url).href;
    const shown = execFileSync("node", [
      "--input-type=module",
      "-e",
      `console.log(Object.keys(await import("${url}")).join())`,
    ]);
    for (const name of ["CoreOSCluster", "clusterPlan", "ConfigError", "outputs"])
      ok(shown.toString().trim().split(",").includes(name), shown.toString());
  });
});
