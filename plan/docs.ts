/** What docs/configuration.md and Pulumi.yaml say of the config keys, written from the tables in the code. Pure. */
import { CONFIG_KEYS, KEY_GROUPS, type ConfigKey } from "./keys.ts";
import { OS_TRAITS } from "./os.ts";
import { PROFILES, type ProfileTraits } from "./profiles.ts";
import { oneOf } from "./words.ts";

const code = (text: string): string => `\`${text}\``;

/** A cell: what stands between backquotes is left alone, `<` outside of them would begin an HTML tag. */
const cell = (text: string): string =>
  text
    .replaceAll("|", "\\|")
    .split("`")
    .map((part, at) => (at % 2 === 0 ? part.replaceAll("<", "\\<") : part))
    .join("`");

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");

function keyGroup([title, keys]: [string, Readonly<Record<string, ConfigKey>>]): string {
  const entries = Object.entries(keys);
  const rows = entries.map(([key, info]) => [
    code(key),
    info.default === "" ? (key === "image" ? "required, or `baseVolume`" : "required") : info.default,
    info.description,
  ]);
  const more = entries.flatMap(([key, { details }]) =>
    details === undefined ? [] : [`- **${code(key)}**: ${details}`],
  );
  return [`### ${title}`, table(["key", "default", "what it is"], rows), more.join("\n")].join("\n\n");
}

/** The parts of a key whose value is a map. */
function parts(key: keyof typeof CONFIG_KEYS): string {
  const info: ConfigKey = CONFIG_KEYS[key];
  const rows = Object.entries(info.parts ?? {}).map(([part, { description }]) => [code(part), description]);
  return table(["part", "what it is"], rows);
}

const systems = (): string =>
  table(
    ["`os`", "memory at least", "by default", "Ignition", "network", "time", "guest agent", "architectures"],
    Object.entries(OS_TRAITS).map(([os, traits]) => [
      code(os),
      `${traits.memoryFloor} MiB`,
      `${traits.memoryDefault} MiB`,
      `${traits.ignition}, up to spec ${traits.highestSpec}`,
      traits.network,
      traits.time,
      traits.agent ? "yes" : "no",
      traits.architectures.join(", "),
    ]),
  );

/** What a profile asks of others and of the system, as far as the table says. */
function conditions({ needs = [], needsOneOf = [], excludes = [], os = [], role }: ProfileTraits): string {
  const said = (
    words: string,
    names: readonly string[],
    joined: (names: readonly string[]) => string,
  ): string[] => (names.length === 0 ? [] : [`${words} ${joined(names.map(code))}`]);
  const all = (names: readonly string[]): string => names.join(", ");
  return [
    ...said("needs", needs, all),
    ...said("needs", needsOneOf, oneOf),
    ...said("not with", excludes, all),
    ...said("only on", os, all),
    ...(role === undefined ? [] : [`${role}s only`]),
  ].join("; ");
}

function profiles(): string {
  const rows = Object.entries(PROFILES).map(([name, traits]: [string, ProfileTraits]) => [
    code(name),
    traits.description,
    conditions(traits),
  ]);
  const conditional = rows.some(([, , condition]) => condition !== "");
  return conditional
    ? table(["profile", "what it brings", "conditions"], rows)
    : table(
        ["profile", "what it brings"],
        rows.map((row) => row.slice(0, 2)),
      );
}

/** The parts of docs/configuration.md that are written from code, by the name in their markers. */
const SECTIONS: Readonly<Record<string, () => string>> = {
  keys: () => Object.entries(KEY_GROUPS).map(keyGroup).join("\n\n"),
  nodes: () => parts("nodes"),
  image: () => parts("image"),
  hosts: () => parts("hosts"),
  systems,
  profiles,
};

export const SECTION_NAMES = Object.keys(SECTIONS);

/**
 * A text with what stands between `<!-- generated: NAME -->` and `<!-- end -->` written anew.
 * @throws Error where a marker has no section of that name, or no end.
 */
export function withSections(text: string): string {
  const marked = /<!-- generated: (\S+) -->\n(.*?)<!-- end -->/gs;
  const done = text.replace(marked, (_, name: string, old: string) => {
    const section = SECTIONS[name];
    if (section === undefined) throw new Error(`There is no section ${name}`);
    if (old.includes("<!-- generated:")) throw new Error(`The section ${name} has no end`);
    return `<!-- generated: ${name} -->\n\n${section()}\n\n<!-- end -->`;
  });
  if (text.split("<!-- generated:").length !== text.split("<!-- end -->").length)
    throw new Error("A section has no end");
  return done;
}

/** Pulumi.yaml's `config:` block: names, descriptions and empty defaults (docs/adr/0006-declared-config-keys.md). */
export const declaredKeys = (): Readonly<Record<string, { description: string; default: "" }>> =>
  Object.fromEntries(
    Object.entries(CONFIG_KEYS).map(([key, { description }]) => [key, { description, default: "" as const }]),
  );

/** Pulumi.yaml's text with another `config:` block, all else untouched. @throws Error where it has none. */
export function withConfigBlock(text: string, block: string): string {
  const pattern = /^config:\n(?:(?:[ \t#].*)?\n)*/m;
  if (!pattern.test(text)) throw new Error("Pulumi.yaml has no block config:");
  return text.replace(pattern, () => block);
}
