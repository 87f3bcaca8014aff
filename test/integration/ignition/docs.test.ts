import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { config, fileText, first, refusal, text, unit, withSnippets } from "./support.ts";
import { plan } from "../../unit/plan/fixtures.ts";
import { OS_TRAITS } from "../../../plan/os.ts";
import type { SourceFile } from "../../../plan/types.ts";

const docs = readFileSync(join(import.meta.dirname, "../../../docs/ignition.md"), "utf8");

/** The examples, by the file name in their first line. */
const examples = new Map<string, SourceFile>(
  [...docs.matchAll(/^```yaml\n# (\S+)\n(.*?)^```$/gms)].map(([, name = "", body = ""]) => [
    name,
    text(name, body),
  ]),
);
const example = (name: string): SourceFile => examples.get(name) ?? assert.fail(`${name} is no example`);

describe("the examples of docs/ignition.md", () => {
  for (const name of ["snippets/motd.yaml", "snippets/motd.bu"]) {
    it(`work as snippets: ${name}`, () => {
      const made = withSnippets(plan({ os: "lab" }), example(name));
      assert.equal(fileText(config(made), "/etc/motd.d/cluster"), `This is ${first(made).name}.\n`);
    });
  }

  it("work as snippets: a drop-in", () => {
    const node = config(withSnippets(plan({ os: "lab" }), example("snippets/quota.yaml")));
    const names = unit(node, "etcd-member.service")?.dropins?.map(({ name }) => name) ?? [];
    assert.ok(names.includes("50-quota.conf"), names.join());
  });

  for (const os of ["container-linux", "flatcar", "lab"] as const) {
    it(`work as the own file on ${os}`, () => {
      const made = { ...plan({ os }), ignition: example("ignition.yml") };
      assert.equal(fileText(config(made), "/etc/hostname"), first(made).name);
    });
  }

  it("are all run", () => {
    assert.deepEqual([...examples.keys()].sort(), [
      "ignition.yml",
      "snippets/motd.bu",
      "snippets/motd.yaml",
      "snippets/quota.yaml",
    ]);
  });

  it("show the messages that there are", () => {
    const shown = (message: string): void => {
      const words = message
        .replace(/^The configuration of node \S+ could not be made\. /, "")
        .replace(/line \d+/g, "line N");
      assert.ok(docs.replace(/line \d+/g, "line N").includes(words), words);
    };
    const lab = plan({ os: "lab" });
    const newer = text("snippets/a.bu", "variant: fcos\nversion: 1.5.0\n");
    const name = text(
      "snippets/name.yaml",
      "storage: { files: [{ path: /etc/hostname, filesystem: root }] }",
    );
    for (const snippet of [newer, name]) shown(refusal(() => config(withSnippets(lab, snippet))));
  });

  it("give each system's highest spec", () => {
    for (const [os, { highestSpec }] of Object.entries(OS_TRAITS)) {
      assert.match(
        docs.replace(/\s+/g, " "),
        new RegExp(`\`${os}\` ${highestSpec.replace(".", "\\.")}[,.;]`),
      );
    }
  });
});
