/**
 * One text for one meaning: keys in order, and what is told apart by name or path (units, drop-ins, files) in that order,
 * so that a profile's layout has no influence on what is written. Pure.
 */
type Json = unknown;

/** Lists whose order means nothing to Ignition. Directories come before what is in them in this order, too. */
const UNORDERED: Readonly<Record<string, string>> = {
  units: "name",
  dropins: "name",
  files: "path",
  directories: "path",
  links: "path",
};

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

function sortList(list: readonly Json[], key: string): Json[] {
  const label = (item: Json): string => String((item as Record<string, Json>)[key]);
  // Appended pieces of one file keep their order: the sort is stable.
  return [...list].sort((one, other) => compare(label(one), label(other)));
}

function arrange(value: Json, listKey?: string): Json {
  if (Array.isArray(value)) {
    const items = value.map((item) => arrange(item));
    const key = listKey === undefined ? undefined : UNORDERED[listKey];
    return key === undefined ? items : sortList(items, key);
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => compare(one, other));
  return Object.fromEntries(entries.map(([key, inner]) => [key, arrange(inner, key)]));
}

/** The canonical JSON text of an Ignition config. */
export const canonicalJson = (config: object): string => JSON.stringify(arrange(config));
