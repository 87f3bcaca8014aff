/**
 * The commands that mend a config, as they can be pasted into a shell. Each is made for the config as it is, since
 * `pulumi config set --path` refuses to put a map where a list or a nested text is, and the other way round.
 */

export type Path = readonly PropertyKey[];

/** Control characters as printf(1) writes them: as they are, they would do something to the terminal that shows them. */
const printed = (word: string): string =>
  word
    .replaceAll("\\", "\\\\")
    .replaceAll("%", "%%")
    .replace(/[\0-\x1f\x7f]/g, (letter) => `\\${letter.charCodeAt(0).toString(8).padStart(3, "0")}`);

/** A word for a shell: quoted where it holds more than plain letters. */
export function quote(word: string): string {
  if (/^[\w./:@=,+-]+$/.test(word)) return word;
  const single = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  return /[\0-\x1f\x7f]/.test(word) ? `"$(printf ${single(printed(word))})"` : single(word);
}

const isPlainPart = (part: string): boolean => /^[A-Za-z_]\w*$/.test(part);

const joined = (path: Path, inQuotes: (name: string) => string): string =>
  path
    .map((part, at) => {
      if (at === 0) return String(part);
      if (typeof part === "number") return `[${part}]`;
      const name = String(part);
      return isPlainPart(name) ? `.${name}` : `["${inQuotes(name)}"]`;
    })
    .join("");

/** `sshAuthorizedKeys[1]`, `nodes["web-1"].memory`: for messages, without control characters. */
export const pathText = (path: Path): string =>
  joined(path, (name) => JSON.stringify(name).slice(1, -1)).replace(
    /[\0-\x1f\x7f]/g,
    (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );

/** The same as `pulumi config set --path` reads it: a backslash means nothing but before a double quote. */
const pathWord = (path: Path): string => quote(joined(path, (name) => name.replaceAll('"', '\\"')));

/** What lies at a path in the values; undefined where nothing does. */
export const valueAt = (values: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, part)
        ? (value as Record<PropertyKey, unknown>)[part]
        : undefined,
    values,
  );

const isMap = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const flag = (path: Path): string => (path.length === 1 ? "" : "--path ");

/** Takes what lies at a path out of the config. */
export const removal = (path: Path): string => `pulumi config rm ${flag(path)}${pathWord(path)}`;

/** The part of the path whose value is in the way of setting something at the path's end, if any is. */
function obstacle(values: unknown, path: Path): Path | undefined {
  for (let depth = 1; depth < path.length; depth++) {
    const inner = valueAt(values, path.slice(0, depth));
    if (inner === undefined) return undefined;
    const fits = typeof path[depth] === "number" ? Array.isArray(inner) : isMap(inner);
    if (!fits) return path.slice(0, depth);
  }
  const last = valueAt(values, path);
  return path.length > 1 && typeof last === "object" && last !== null ? path : undefined;
}

/**
 * Puts a value at a path.
 * @param values the config's values as they are.
 * @param word the value as a word of the shell, quoted where it needs to be.
 */
export function setting(values: unknown, path: Path, word: string): string {
  const set = `pulumi config set ${flag(path)}${pathWord(path)} ${word}`;
  const blocked = obstacle(values, path);
  if (blocked === undefined) return set;
  return `${removal(blocked)} && ${set}`;
}

/** Commands one after the other, the next only where the one before worked. */
export const both = (...commands: readonly string[]): string => commands.join(" && ");

/** The values inside a value that are neither maps nor lists with something in them, with their paths; null for those with nothing. */
function leaves(value: unknown, path: Path): { readonly path: Path; readonly value: unknown }[] {
  if (typeof value !== "object" || value === null) return [{ path, value }];
  const inner: [PropertyKey, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  if (inner.length === 0) return [{ path, value: null }];
  return inner.flatMap(([part, item]) => leaves(item, [...path, part]));
}

/**
 * Gives what lies at a path another name; undefined where its value can't be written into a command.
 * @param ifEmpty a part and a word that make an entry where the old one had nothing in it.
 */
export function renaming(
  values: unknown,
  path: Path,
  name: string,
  ifEmpty?: readonly [string, string],
): string | undefined {
  const target = [...path.slice(0, -1), name];
  const isNothing = (value: unknown): boolean => value === null || value === "" || value === "{}";
  const all = leaves(valueAt(values, path), target);
  const parts = all.filter((leaf) => !isNothing(leaf.value));
  // A list with a hole in it can't be set entry by entry.
  if (all.some((leaf) => isNothing(leaf.value) && leaf.path.some((part) => typeof part === "number")))
    return undefined;
  if (parts.length === 0 && ifEmpty !== undefined) {
    return both(removal(path), setting({}, [...target, ifEmpty[0]], ifEmpty[1]));
  }
  const words = parts.map((leaf) => String(leaf.value));
  const tooLong = words.join(" ").length > 200 || words.some((word) => /^-|[\0-\x1f\x7f]/.test(word));
  if (parts.length === 0 || tooLong) return undefined;
  return both(removal(path), ...parts.map((leaf, at) => setting({}, leaf.path, quote(words[at] ?? ""))));
}
