/** The drop-ins of a unit, read as systemd does (systemd.syntax(7), systemd.exec(5)), as far as the checks need it. Pure. */
import type { Document, Origin } from "../render/document.ts";
import { isMap, type Value } from "../render/values.ts";

export interface Dropin {
  readonly name: string;
  readonly origin: Origin | undefined;
  /** Its ExecStart lines that run something, with continued lines joined. */
  readonly commands: readonly string[];
  /** What its Environment lines set. */
  readonly variables: ReadonlyMap<string, string>;
}

const list = (value: Value | undefined): readonly Value[] => (Array.isArray(value) ? value : []);
const text = (value: Value | undefined): string => (typeof value === "string" ? value : "");

/** The values of an option, in order; an empty one takes back those before it. */
function optionsOf(contents: string, option: string): string[] {
  const lines = contents.replace(/\\\r?\n/g, " ").split(/\r?\n/);
  const values = lines.flatMap((line) => {
    const match = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line);
    return match?.[1] === option ? [match[2] ?? ""] : [];
  });
  return values.slice(values.lastIndexOf("") + 1);
}

/** `A=1 "B=2 3" 'C=4'` as variables. */
const variablesIn = (line: string): [string, string][] =>
  [...line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].flatMap(([, double, single, bare]) => {
    const [, name, value] = /^(\w+)=(.*)$/s.exec(double ?? single ?? bare ?? "") ?? [];
    return name === undefined ? [] : [[name, value ?? ""] as [string, string]];
  });

/** The drop-ins of the unit of this name, in the order in which systemd reads them: that of their names. */
export function dropinsOf({ value, originOf }: Document, unit: string): Dropin[] {
  const units = isMap(value["systemd"]) ? list(value["systemd"]["units"]) : [];
  return units
    .flatMap((entry, index) => {
      if (!isMap(entry) || entry["name"] !== unit) return [];
      return list(entry["dropins"]).map((dropin, place): Dropin => {
        const contents = isMap(dropin) ? text(dropin["contents"]) : "";
        return {
          name: isMap(dropin) ? text(dropin["name"]) : "",
          origin: originOf(["systemd", "units", index, "dropins", place]),
          commands: optionsOf(contents, "ExecStart"),
          variables: new Map(optionsOf(contents, "Environment").flatMap(variablesIn)),
        };
      });
    })
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}
