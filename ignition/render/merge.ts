/**
 * Merges Container Linux Configs. The rules:
 * - maps: key by key; the same key with two different plain values is an error;
 * - units, users and groups with one name become one, by the same rule (so two `contents` are an error);
 * - a path, drop-in, disk, file system or array that two sources bring is an error, equal or not;
 * - all other lists are joined, equal plain values once.
 * Every error names both sources with their lines.
 */
import { RenderError } from "../errors.ts";
import type { Profile } from "./profile.ts";
import { isMap, isSame, type Path, type Value, type ValueMap } from "./values.ts";

interface ListRule {
  /** The key whose value tells one item from another. */
  readonly key: string;
  /** What happens to two items with one identity. */
  readonly same: "merge" | "refuse";
  /** Lists of one group share their identities: a path is either a file or a link. */
  readonly group?: string;
}

const RULES: Readonly<Record<string, ListRule>> = {
  "systemd.units": { key: "name", same: "merge" },
  "systemd.units.*.dropins": { key: "name", same: "refuse" },
  "networkd.units": { key: "name", same: "merge" },
  "networkd.units.*.dropins": { key: "name", same: "refuse" },
  "passwd.users": { key: "name", same: "merge" },
  "passwd.groups": { key: "name", same: "merge" },
  "storage.files": { key: "path", same: "refuse", group: "path" },
  "storage.directories": { key: "path", same: "refuse", group: "path" },
  "storage.links": { key: "path", same: "refuse", group: "path" },
  "storage.disks": { key: "device", same: "refuse" },
  "storage.filesystems": { key: "name", same: "refuse" },
  "storage.raid": { key: "name", same: "refuse" },
};

export interface Origin {
  readonly profile: Profile;
  readonly path: Path;
}

export interface Merged {
  readonly value: ValueMap;
  /** Where a value of the merged document comes from: the nearest known thing at or around this path. */
  readonly originOf: (path: Path) => Origin | undefined;
}

/** An origin for a message: `ignition/profiles/base.yaml line 7`. */
export const originText = ({ profile, path }: Origin): string =>
  `${profile.source} line ${profile.lineOf(path)}`;

const rulePath = (path: Path): string =>
  path.map((part) => (typeof part === "number" ? "*" : part)).join(".");

class Merger {
  readonly value: ValueMap = {};
  readonly #origins = new Map<string, Origin>();
  /** `<group> <identity>` of items that may come once only, to where they lie in the merged document. */
  readonly #taken = new Map<string, Path>();

  originOf(path: Path): Origin | undefined {
    for (let length = path.length; length > 0; length--) {
      const origin = this.#origins.get(JSON.stringify(path.slice(0, length)));
      if (origin !== undefined) return origin;
    }
    return undefined;
  }

  #note(path: Path, origin: Origin): void {
    this.#origins.set(JSON.stringify(path), origin);
  }

  #conflict(what: string, at: Path, second: Origin): never {
    const first = this.originOf(at);
    const one = first === undefined ? "" : `${originText(first)} and by `;
    throw new RenderError(`${what} is given by ${one}${originText(second)}: only one of them can count`);
  }

  #name(at: Path): string {
    let value: Value = this.value;
    const words = at.map((part) => {
      value = (value as Record<string | number, Value>)[part] ?? null;
      if (typeof part === "string") return part;
      const label = isMap(value) ? (value["name"] ?? value["path"] ?? value["device"]) : undefined;
      return typeof label === "string" ? label : `[${part}]`;
    });
    return words.join(" ");
  }

  mergeMap(target: ValueMap, from: ValueMap, at: Path, origin: Origin): void {
    for (const [key, value] of Object.entries(from)) {
      if (value === null) continue; // an empty section
      const there = [...at, key];
      const here: Origin = { profile: origin.profile, path: [...origin.path, key] };
      if (key === "__proto__")
        throw new RenderError(`${originText(here)}: "__proto__" is no key of a config`);
      const known = Object.hasOwn(target, key) ? target[key] : undefined;
      if (known === undefined) this.#note(there, here);
      if (isMap(value)) {
        if (known !== undefined && !isMap(known)) this.#conflict(this.#name(there), there, here);
        this.mergeMap((target[key] = known ?? {}), value, there, here);
      } else if (Array.isArray(value)) {
        if (known !== undefined && !Array.isArray(known)) this.#conflict(this.#name(there), there, here);
        this.#mergeList((target[key] = known ?? []), value, there, here);
      } else if (known === undefined) target[key] = value;
      else if (!isSame(known, value)) this.#conflict(this.#name(there), there, here);
    }
  }

  #mergeList(target: Value[], items: readonly Value[], at: Path, origin: Origin): void {
    items.forEach((item, index) => {
      const here: Origin = { profile: origin.profile, path: [...origin.path, index] };
      if (isMap(item)) this.#mergeItem(target, item, at, here);
      else if (Array.isArray(item) || !target.some((known) => isSame(known, item))) {
        this.#note([...at, target.length], here);
        target.push(item);
      }
    });
  }

  #mergeItem(target: Value[], item: ValueMap, at: Path, origin: Origin): void {
    const listPath = rulePath(at);
    const rule = RULES[listPath];
    const identity = rule === undefined ? undefined : item[rule.key];
    if (rule !== undefined && identity !== undefined && identity !== null) {
      const group = rule.group ?? JSON.stringify(at);
      const name = `${group} ${JSON.stringify(identity)}`;
      const taken = this.#taken.get(name);
      if (taken !== undefined) {
        if (rule.same === "refuse") this.#conflict(this.#name(taken), taken, origin);
        this.mergeMap(target[Number(taken.at(-1))] as ValueMap, item, taken, origin);
        return;
      }
      this.#taken.set(name, [...at, target.length]);
    }
    const there = [...at, target.length];
    this.#note(there, origin);
    const fresh: ValueMap = {};
    target.push(fresh);
    this.mergeMap(fresh, item, there, origin);
  }
}

/** Merges documents, each given with the profile it comes from. @throws RenderError where two of them contradict. */
export function mergeProfiles(
  documents: readonly { readonly profile: Profile; readonly value: ValueMap }[],
): Merged {
  const merger = new Merger();
  for (const { profile, value } of documents) merger.mergeMap(merger.value, value, [], { profile, path: [] });
  return { value: merger.value, originOf: (path) => merger.originOf(path) };
}
