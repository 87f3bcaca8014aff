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
