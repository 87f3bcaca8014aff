/** Merges configurations by the rules of rules.ts. Every error names both sources with their lines, and a way out. */
import { PROFILE_NAMES } from "../../plan/profiles.ts";
import { RenderError } from "../errors.ts";
import { documentOf, originText, type Document, type Origin } from "./document.ts";
import type { Profile } from "./profile.ts";
import { RULES } from "./rules.ts";
import { isMap, isSame, type Path, type Value, type ValueMap } from "./values.ts";

/** A value of one of the documents. */
interface Place {
  readonly document: Document;
  readonly path: Path;
}

const rulePath = (path: Path): string =>
  path.map((part) => (typeof part === "number" ? "*" : part)).join(".");

const inner = ({ document, path }: Place, part: string | number): Place => ({
  document,
  path: [...path, part],
});

/** The name by which a config chooses the profile that a file of ours belongs to: the file is called so, or begins so. */
function profileIn({ source, user }: Origin): string | undefined {
  const file = user ? "" : (/([^/]+)\.yaml$/.exec(source)?.[1] ?? "");
  return PROFILE_NAMES.filter((name) => file === name || file.startsWith(`${name}-`))
    .sort((one, other) => one.length - other.length)
    .at(-1);
}

/** What the user can do about two sources that contradict. */
function remedy(first: Origin, second: Origin): string {
  const users = [first, second].filter(({ user }) => user).map(({ source }) => source);
  const profiles = [first, second].flatMap((origin) => profileIn(origin) ?? []);
  const ways = [
    ...[...new Set(users)].map((source) => `take it out of ${source}`),
    ...[...new Set(profiles)].map((name) => `leave the profile ${name} out of profiles`),
  ];
  return ways.length === 0 ? "" : `; ${ways.join(", or ")}`;
}

class Merger {
  readonly value: ValueMap = {};
  readonly #places = new Map<string, Place>();
  /** `<group> <identity>` of items that may come once only, to where they lie in the merged document. */
  readonly #taken = new Map<string, Path>();

  originOf(path: Path): Origin | undefined {
    for (let length = path.length; length > 0; length--) {
      const place = this.#places.get(JSON.stringify(path.slice(0, length)));
      if (place !== undefined) {
        return place.document.originOf([...place.path, ...path.slice(length)]);
      }
    }
    return undefined;
  }

  #note(path: Path, place: Place): void {
    this.#places.set(JSON.stringify(path), place);
  }

  #conflict(what: string, at: Path, second: Place): never {
    const one = this.originOf(at);
    const other = second.document.originOf(second.path);
    const places = [one, other].map((origin) =>
      origin === undefined ? "what was made of it before" : originText(origin),
    );
    const way = one === undefined || other === undefined ? "" : remedy(one, other);
    throw new RenderError(`${what} is given by ${places.join(" and by ")}: only one of them can count${way}`);
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

  mergeMap(target: ValueMap, from: ValueMap, at: Path, place: Place): void {
    for (const [key, value] of Object.entries(from)) {
      if (value === null) continue; // an empty section
      const there = [...at, key];
      const here = inner(place, key);
      if (key === "__proto__") {
        const origin = here.document.originOf(here.path);
        throw new RenderError(
          `${origin === undefined ? "" : `${originText(origin)}: `}"__proto__" is no key`,
        );
      }
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

  #mergeList(target: Value[], items: readonly Value[], at: Path, place: Place): void {
    items.forEach((item, index) => {
      const here = inner(place, index);
      if (isMap(item)) this.#mergeItem(target, item, at, here);
      else if (Array.isArray(item) || !target.some((known) => isSame(known, item))) {
        this.#note([...at, target.length], here);
        target.push(item);
      }
    });
  }

  #mergeItem(target: Value[], item: ValueMap, at: Path, place: Place): void {
    const rule = RULES[rulePath(at)];
    const identity = rule?.identity(item);
    if (rule !== undefined && identity !== undefined) {
      const name = `${rule.group ?? JSON.stringify(at)} ${JSON.stringify(identity)}`;
      const taken = this.#taken.get(name);
      if (taken !== undefined) {
        if (rule.same === "refuse") this.#conflict(this.#name(taken), taken, place);
        this.mergeMap(target[Number(taken.at(-1))] as ValueMap, item, taken, place);
        return;
      }
      this.#taken.set(name, [...at, target.length]);
    }
    const there = [...at, target.length];
    this.#note(there, place);
    const fresh: ValueMap = {};
    target.push(fresh);
    this.mergeMap(fresh, item, there, place);
  }
}

/** One document of several, in their order. @throws RenderError where two of them contradict. */
export function mergeDocuments(documents: readonly Document[]): Document {
  const merger = new Merger();
  for (const document of documents) merger.mergeMap(merger.value, document.value, [], { document, path: [] });
  return { value: merger.value, originOf: (path) => merger.originOf(path) };
}

/** Merges values, each given with the profile it comes from. @throws RenderError where two of them contradict. */
export const mergeProfiles = (
  documents: readonly { readonly profile: Profile; readonly value: ValueMap }[],
): Document => mergeDocuments(documents.map(({ profile, value }) => documentOf(profile, value)));
