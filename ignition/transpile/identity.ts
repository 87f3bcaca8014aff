/**
 * Where a value of a transpiled config comes from: transpilers keep the names of units and users and the paths of files, so
 * the entry of that name in their input is the origin. Pure.
 */
import type { Document, Origin } from "../render/document.ts";
import { isMap, type Path, type Value, type ValueMap } from "../render/values.ts";

/** Sections of a Container Linux Config from which ct writes units and files. */
const WRITTEN_BY_CT: Readonly<Record<string, readonly string[]>> = {
  "etcd-member.service": ["etcd"],
  "flanneld.service": ["flannel"],
  "docker.service": ["docker"],
  "locksmithd.service": ["locksmith"],
  "/etc/coreos/update.conf": ["update", "locksmith"],
};

const NETWORK_FOLDER = "/etc/systemd/network/";

/** Lists of one kind of thing: where an entry of one is looked for. */
const KIN: Readonly<Record<string, readonly string[]>> = {
  files: ["files", "directories", "links", "trees"],
  directories: ["directories", "files", "links"],
  links: ["links", "files", "directories"],
};

const labelOf = (item: Value | undefined): string | undefined => {
  if (!isMap(item)) return undefined;
  const label = item["path"] ?? item["name"] ?? item["device"];
  return typeof label === "string" ? label : undefined;
};

const child = (value: Value | undefined, part: string | number): Value | undefined => {
  if (Array.isArray(value)) return typeof part === "number" ? value[part] : undefined;
  return isMap(value) && Object.hasOwn(value, part) ? value[part] : undefined;
};

const at = (value: Value, path: Path): Value | undefined =>
  path.reduce<Value | undefined>((inner, part) => child(inner, part), value);

/** The path, in the input, of the entry with this label in one of these lists. */
function entry(input: ValueMap, lists: readonly Path[], label: string): Path | undefined {
  for (const list of lists) {
    const items = at(input, list);
    const index = Array.isArray(items) ? items.findIndex((item) => labelOf(item) === label) : -1;
    if (index >= 0) return [...list, index];
  }
  return undefined;
}

/** The path of an entry of a section's list; what was made of something else lies at that. */
function source(input: ValueMap, section: string, list: string, label: string): Path | undefined {
  const found = entry(
    input,
    (KIN[list] ?? [list]).map((name) => [section, name]),
    label,
  );
  if (found !== undefined) return found;
  if (label.startsWith(NETWORK_FOLDER)) {
    const unit = label.slice(NETWORK_FOLDER.length).replace(/\.d\/.*$/, "");
    const moved = entry(input, [["networkd", "units"]], unit);
    if (moved !== undefined) return moved;
  }
  const written = (WRITTEN_BY_CT[label] ?? []).find((name) => input[name] !== undefined);
  if (written !== undefined) return [written];
  if (at(input, [section, list]) !== undefined) return [section, list];
  return input[section] === undefined ? undefined : [section];
}

/** Where a unit's drop-ins are looked for: ct lists a unit two times where a config has a section for it and drop-ins beside. */
function dropinLists(input: ValueMap, unit: Path, label: string): Path[] {
  const list = unit.slice(0, -1);
  const units = at(input, list);
  if (!Array.isArray(units)) return [];
  return units.flatMap((item, index) => (labelOf(item) === label ? [[...list, index, "dropins"]] : []));
}

/** A section's name in the input: `kernelArguments` is Butane's kernel_arguments. */
const sectionIn = (input: ValueMap, section: string): string =>
  input[section] === undefined ? section.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : section;

/** The path in the input of the value at `path` of the output. */
function trace(output: ValueMap, input: ValueMap, path: Path): Path | undefined {
  const [asked, list, index, ...rest] = path;
  if (typeof asked !== "string") return undefined;
  const section = sectionIn(input, asked);
  if (typeof list !== "string") return input[section] === undefined ? undefined : [section];
  const label = typeof index === "number" ? labelOf(at(output, [asked, list, index])) : undefined;
  if (label === undefined) return at(input, [section, list]) === undefined ? [section] : [section, list];
  const found = source(input, section, list, label);
  if (found === undefined) return undefined;
  const [part, inner] = rest;
  if (part === "dropins" && typeof inner === "number") {
    const name = labelOf(at(output, path.slice(0, 5)));
    const dropin = name === undefined ? undefined : entry(input, dropinLists(input, found, label), name);
    if (dropin !== undefined) return dropin;
    const written = (WRITTEN_BY_CT[label] ?? []).find((key) => input[key] !== undefined);
    if (written !== undefined) return [written];
  }
  return part !== undefined && at(input, [...found, part]) !== undefined ? [...found, part] : found;
}

/** A transpiler's output as a document whose values come from its input's sources; in one file, at its top where nothing fits. */
export const traced = (output: ValueMap, input: Document): Document => ({
  value: output,
  originOf: (path): Origin | undefined => {
    const found = trace(output, input.value, path);
    return input.originOf(found ?? []);
  },
});
