/** Which properties differ between two sets of inputs, as paths, the way Pulumi's own providers report them. */
import {
  entryOf,
  equal,
  isList,
  isObject,
  isSecret,
  type PropertyMap,
  type PropertyValue,
} from "./values.ts";

export type ChangeKind = "add" | "delete" | "update";
/** By property path, as `environment.HOME` or `triggers[0]`. */
export type Changes = ReadonlyMap<string, ChangeKind>;

const member = (path: string, key: string): string => {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}["${key.replaceAll('"', '\\"')}"]`;
  return path === "" ? key : `${path}.${key}`;
};

function collect(
  path: string,
  old: PropertyValue,
  next: PropertyValue,
  changes: Map<string, ChangeKind>,
): void {
  if (isList(old) && isList(next)) {
    for (let index = 0; index < Math.max(old.length, next.length); index++) {
      compare(`${path}[${index}]`, old[index], next[index], changes);
    }
  } else if (isObject(old) && isObject(next) && !isSecret(old) && !isSecret(next)) {
    for (const key of new Set([...Object.keys(old), ...Object.keys(next)])) {
      compare(member(path, key), entryOf(old, key), entryOf(next, key), changes);
    }
  } else if (!equal(old, next)) {
    changes.set(path, "update");
  }
}

function compare(
  path: string,
  old: PropertyValue | undefined,
  next: PropertyValue | undefined,
  changes: Map<string, ChangeKind>,
): void {
  if (old === undefined) changes.set(path, "add");
  else if (next === undefined) changes.set(path, "delete");
  else collect(path, old, next, changes);
}

/** The changes that lead from the inputs `old` to `next`. */
export function diffInputs(old: PropertyMap, next: PropertyMap): Changes {
  const changes = new Map<string, ChangeKind>();
  collect("", old, next, changes);
  return changes;
}
