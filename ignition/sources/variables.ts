/** Variables and placeholders in files that the user wrote. */
import { suggest } from "../../plan/suggest.ts";
import { located, type Origin } from "../render/document.ts";
import type { Profile } from "../render/profile.ts";
import { mapTexts, substitute, type Variables } from "../render/substitute.ts";
import type { Path, ValueMap } from "../render/values.ts";

/** Fills in the variables; `{{...}}` of other languages (Go templates, Docker's formats) stays as it is. */
export function substituteKnown(
  profile: Profile,
  variables: Variables,
  warn: (message: string) => void,
): ValueMap {
  const names = Object.keys(variables);
  return substitute(profile, variables, (name, path) => {
    const near = suggest(name, names);
    if (near !== undefined) {
      const origin: Origin = { source: profile.source, line: profile.lineOf(path), user: true };
      warn(
        located(origin, `{{${name}}} stays as it is, since no variable is called so; is {{${near}}} meant?`),
      );
    }
    return undefined;
  });
}

/** What stands for a node's values in classic configs, which were filled in by a script. */
export type Placeholders = Readonly<Record<"Node_Name" | "Node_Prefix" | "Etcd_Discovery_URL", string>>;

/** As whole words, also inside `http://Node_Name:2379`; a number may follow the prefix (`Node_Prefix01`). */
const PLACEHOLDER = /(?<!\w)(?:(Node_Name|Etcd_Discovery_URL)(?!\w)|(Node_Prefix)(?![A-Za-z_]))/g;

/** How a value has to be written at a place of a Container Linux Config. */
export type Escape = (value: string, path: Path) => string;

/** A text with its placeholders filled in. */
export const fillText = (
  text: string,
  placeholders: Placeholders,
  escape: (value: string) => string = (value) => value,
): string =>
  text.replace(PLACEHOLDER, (_, one?: string, other?: string) =>
    escape(placeholders[(one ?? other) as keyof Placeholders]),
  );

/** Every text of a document with its placeholders filled in. */
export const fillDocument = (map: ValueMap, placeholders: Placeholders, escape: Escape): ValueMap =>
  mapTexts(map, (text, path) => fillText(text, placeholders, (value) => escape(value, path)));

/** Whether a text has a placeholder of this name. */
export const mentions = (text: string, name: keyof Placeholders): boolean =>
  [...text.matchAll(PLACEHOLDER)].some(([word]) => word === name);
