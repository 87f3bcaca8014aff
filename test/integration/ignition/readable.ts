/** Ignition configs for people. */

const DATA = /^data:(?:[^,;]*;charset=[^,;]*)?,/;

/** An Ignition config, indented, with texts as lists of lines and data URLs as what they hold. */
export function readable(json: string): string {
  const open = (_: string, value: unknown): unknown => {
    if (typeof value !== "string") return value;
    const text = DATA.test(value) ? decodeURIComponent(value.replace(DATA, "data:,")) : value;
    return text.includes("\n") ? text.split("\n") : text;
  };
  return `${JSON.stringify(JSON.parse(json, open), null, 2)}\n`;
}

/** The lines that only one of two texts has, in their order: first those of the one, with `-`, then those of the other, with `+`. */
export function differences(one: string, other: string): string {
  const only = (text: string, without: string): string[] => {
    const known = new Set(without.split("\n").map((line) => line.trim()));
    return text.split("\n").filter((line) => !known.has(line.trim()));
  };
  const marked = (mark: string, lines: readonly string[]): string[] =>
    lines.map((line) => `${mark} ${line.trim()}\n`);
  return [...marked("-", only(one, other)), ...marked("+", only(other, one))].join("");
}
