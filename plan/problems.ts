/** Turns the schema's issues into problems that a user can act on. */
import type * as z from "zod/mini";
import type { Problem } from "./errors.ts";
import { CONFIG_KEYS, CONFIG_KEY_NAMES, type ConfigKey, type ConfigKeyName } from "./keys.ts";
import type { RawSettings } from "./raw.ts";
import type { IssueParams } from "./schema.ts";
import { isPrivateKey } from "./sshKeys.ts";
import { suggest } from "./suggest.ts";
import { redactUrl } from "./urls.ts";

type Issue = z.core.$ZodIssue;

/** Longest value that a message repeats. */
const SHOWN = 60;

const DISCOVERY_PARTS: Readonly<Record<string, { expected: string; example: string }>> = {
  mode: { expected: "service, etcd or url", example: "--path discovery.mode service" },
  endpoint: {
    expected: "the http or https URL of the discovery service or etcd registry",
    example: "--path discovery.endpoint http://registry.example:2379",
  },
  url: {
    expected: "the http or https URL of a discovery token",
    example: "--path discovery.url https://discovery.etcd.io/<token>",
  },
};

const isKey = (key: string): key is ConfigKeyName => Object.hasOwn(CONFIG_KEYS, key);

/** `sshAuthorizedKeys[1]`, `discovery.mode`: as `pulumi config set --path` writes it. */
const pathText = (path: readonly PropertyKey[]): string =>
  path
    .map((part, at) => (typeof part === "number" ? `[${part}]` : `${at === 0 ? "" : "."}${String(part)}`))
    .join("");

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    values,
  );
}

/** A value for a message: quoted, shortened, and without anything that must not be repeated. */
export function showValue(raw: RawSettings, path: readonly PropertyKey[]): string | undefined {
  const key = String(path[0]);
  const value = valueAt(raw.values, path);
  if (value === undefined) return undefined;
  if (raw.secretKeys.includes(key)) return "a secret (not shown)";
  const text = typeof value === "string" ? JSON.stringify(redactUrl(value)) : JSON.stringify(value);
  if (isPrivateKey(text)) return "a private key (not shown)";
  if (key === "sshAuthorizedKeys") return `not a list of public keys (${text.length} characters, not shown)`;
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}… (${text.length} characters)`;
}

function unknownKeys(issue: Issue & { code: "unrecognized_keys" }, raw: RawSettings): Problem[] {
  const inDiscovery = issue.path.length > 0;
  const known = inDiscovery ? Object.keys(DISCOVERY_PARTS) : CONFIG_KEY_NAMES;
  return issue.keys.map((name) => {
    const key = pathText([...issue.path, name]);
    const meant = suggest(name, known);
    const others = inDiscovery
      ? "no such part for this discovery mode"
      : `one of the keys ${known.join(", ")}`;
    return {
      key,
      value: showValue(raw, [...issue.path, name]),
      expected: meant === undefined || meant === name ? others : `no such key; did you mean ${meant}?`,
      remedy: `pulumi config rm ${inDiscovery ? "--path " : ""}${quote(key)}`,
    };
  });
}

/** A word for a shell: quoted where it holds more than plain letters. */
const quote = (word: string): string =>
  /^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** The problems behind one issue; one issue about unknown keys can hold several. */
export function problemsOf(issue: Issue, raw: RawSettings): Problem[] {
  if (issue.code === "unrecognized_keys") return unknownKeys(issue, raw);
  const key = String(issue.path[0]);
  const part = key === "discovery" ? DISCOVERY_PARTS[String(issue.path[1])] : undefined;
  const general: Pick<ConfigKey, "expected" | "example"> | undefined =
    part ?? (isKey(key) ? CONFIG_KEYS[key] : undefined);
  const params = issue.code === "custom" ? (issue.params as IssueParams | undefined) : undefined;
  const set = `pulumi config set ${params?.remedy ?? general?.example ?? key}`;
  // `--path` can't turn a list into an object, or the other way round: what is there has to go first.
  const occupied =
    issue.path.length === 1 && set.includes("--path") && valueAt(raw.values, issue.path) !== undefined;
  return [
    {
      key: pathText(issue.path),
      value: showValue(raw, issue.path),
      expected: issue.code === "custom" ? issue.message : (general?.expected ?? issue.message),
      remedy: occupied ? `pulumi config rm ${key} && ${set}` : set,
    },
  ];
}
