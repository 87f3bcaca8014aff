/** docs/verbs.md says what `--help` says; UPDATE_GOLDEN=1 writes it anew. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

const checkout = join(import.meta.dirname, "../../..");
const file = join(checkout, "docs/verbs.md");

/** `--help` of a verb, with folders that are nobody's. */
async function helpOf(...verb: string[]): Promise<string> {
  const { stdout } = await execa(process.execPath, ["commands/main.ts", ...verb, "--help"], {
    cwd: checkout,
    env: {
      CLUSTER_LAB_DIR: "/checkout/.lab",
      CLUSTER_CACHE_DIR: "/home/you/.cache/coreos-cluster",
      NO_COLOR: "1",
    },
  });
  return stdout
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .trim();
}

/** The names in the list of commands of a help text. */
const commandsIn = (help: string): string[] => {
  const [, list = ""] = help.split(/^Commands:$/m);
  return [...list.matchAll(/^ {2}([a-z][a-z-]*)(?=\s|\|)/gm)].flatMap(([, name]) =>
    name === "help" ? [] : (name ?? []),
  );
};

/** Every verb with its help, verbs of verbs included. */
async function allHelp(...verb: string[]): Promise<Map<string, string>> {
  const help = await helpOf(...verb);
  const below = await Promise.all(commandsIn(help).map((name) => allHelp(...verb, name)));
  const own: [string, string][] = verb.length === 0 || below.length > 0 ? [] : [[verb.join(" "), help]];
  return new Map([...own, ...below.flatMap((one) => [...one])]);
}

/** The sections of the page: a verb's name, what is written about it, its help. */
const SECTION = /^## `([a-z -]+)`\n([\s\S]*?)```text\n([\s\S]*?)\n```\n/gm;

describe("docs/verbs.md", function () {
  this.timeout(60_000);
  let help: Map<string, string>;
  before(async () => {
    help = await allHelp();
  });

  it("has every verb, in the order of --help, with what --help says", () => {
    const text = readFileSync(file, "utf8");
    const prose = new Map(
      [...text.matchAll(SECTION)].map(([, name = "", words = ""]) => [name, words.trim()]),
    );
    const [head = ""] = text.split(/^## /m);
    const sections = [...help].map(([name, said]) => {
      const words = prose.get(name) ?? "";
      return `## \`${name}\`\n${words === "" ? "" : `\n${words}\n`}\n\`\`\`text\n${said}\n\`\`\`\n`;
    });
    const right = `${head.trimEnd()}\n\n${sections.join("\n")}`;
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, right);
    else equal(text, right, "docs/verbs.md and --help differ: run the test again with UPDATE_GOLDEN=1");
  });

  it("says something about each verb besides", () => {
    const text = readFileSync(file, "utf8");
    const silent = [...text.matchAll(SECTION)].flatMap(([, name = "", words = ""]) =>
      words.trim() === "" ? [name] : [],
    );
    deepEqual(silent, []);
    ok([...help.keys()].includes("logs"));
  });
});
