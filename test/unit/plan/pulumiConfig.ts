/**
 * What `pulumi config set` and `rm` do to a stack's config, as Pulumi 3.259 does it (test/integration/config compares it
 * with the real one).
 */
import assert from "node:assert/strict";
import { fromJson } from "../../../plan/schema/parts.ts";
import { publicKey } from "./fixtures.ts";

type Config = Record<string, unknown>;

/** What printf(1) makes of a format without arguments. */
const printed = (format: string): string =>
  format.replace(/\\(\d{3})|\\\\|%%/g, (found, octal?: string) =>
    octal === undefined ? found.slice(1) : String.fromCharCode(parseInt(octal, 8)),
  );

const WORD = /(?:'[^']*'|"\$\(cat [^)]*\)"|"\$\(printf (?:'[^']*'|\\')+\)"|\\'|[^\s'"])+/g;

/** The words of a command line of single-quoted and plain words; `"$(cat ~/.ssh/id_ed25519.pub)"` is a public key. */
function words(line: string): string[] {
  const plain = (word: string): string =>
    word.replace(/'([^']*)'|\\(')/g, (_, quoted?: string, escaped?: string) => quoted ?? escaped ?? "");
  return (line.match(WORD) ?? []).map((word) => {
    if (word.startsWith('"$(cat')) return publicKey();
    if (word.startsWith('"$(printf ')) return printed(plain(word.slice('"$(printf '.length, -2)));
    return plain(word);
  });
}

/** `nodes["web-1"].profiles[0]` in parts; in quotes, a backslash means something before a double quote alone. */
function parsePath(text: string): (string | number)[] {
  const parts = text.match(/\["(?:\\"|[^"])*"\]|\[\d+\]|[^.[\]]+/g) ?? [];
  return parts.map((part) => {
    if (part.startsWith('["')) return part.slice(2, -2).replaceAll('\\"', '"');
    return part.startsWith("[") ? Number(part.slice(1, -1)) : part;
  });
}

const isContainer = (value: unknown): value is Config => typeof value === "object" && value !== null;

/** With --path, "true" and "false" become booleans, and whole numbers numbers; but a text stays a text. */
function typedValue(word: string): unknown {
  if (word === "true" || word === "false") return word === "true";
  return /^(?:0|[1-9]\d*)$/.test(word) ? Number(word) : word;
}

function setPath(config: Config, path: readonly (string | number)[], word: string): void {
  let holder: Config = config;
  for (const [depth, part] of path.entries()) {
    if (Array.isArray(holder)) {
      assert.ok(typeof part === "number", "key for an array must be an int");
      assert.ok(part <= holder.length, "array index out of range");
    } else assert.ok(typeof part === "string", "key for a map must be a string");
    const old = holder[part];
    if (depth === path.length - 1) {
      assert.ok(depth === 0 || !isContainer(old), "expected a map or an array");
      holder[part] = typeof old === "string" && depth > 0 ? word : typedValue(word);
      return;
    }
    // A plain value of a whole key gives way, and so does what is empty; one inside a map does not.
    if (!isContainer(old)) {
      assert.ok(depth === 0 || old === undefined || old === null, "expected a map");
      holder[part] = typeof path[depth + 1] === "number" ? [] : {};
    }
    holder = holder[part] as Config;
  }
}

function removePath(config: Config, path: readonly (string | number)[]): void {
  const last = path.at(-1) ?? "";
  const holder = path
    .slice(0, -1)
    .reduce<unknown>((value, part) => (isContainer(value) ? value[part] : undefined), config);
  if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else if (isContainer(holder)) Reflect.deleteProperty(holder, last);
}

/** The config after some commands, which are joined by `&&`. @throws where one of them would fail. */
export function afterCommands(values: Readonly<Config>, line: string): Config {
  const config: Config = structuredClone(values);
  const all = words(line);
  while (all.length > 0) {
    const end = all.indexOf("&&");
    const [program, verb, action, ...rest] = all
      .splice(0, end === -1 ? all.length : end + 1)
      .filter((word) => word !== "&&");
    assert.deepEqual([program, verb], ["pulumi", "config"]);
    const hasPath = rest[0] === "--path";
    const [key = "", value, ...more] = hasPath ? rest.slice(1) : rest;
    assert.deepEqual(more, [], `too many words: ${line}`);
    if (action === "rm") removePath(config, hasPath ? parsePath(key) : [key]);
    else {
      assert.equal(action, "set");
      assert.ok(value !== undefined);
      if (hasPath) setPath(config, parsePath(key), value);
      else config[key] = fromJson(value);
    }
  }
  return config;
}
