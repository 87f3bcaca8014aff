/** Texts as inputs of the transpilers, for tests. */
import { documentOf } from "../../../ignition/render/document.ts";
import { parseProfile } from "../../../ignition/render/profile.ts";
import { substitute, type Variables } from "../../../ignition/render/substitute.ts";
import { languageOf } from "../../../ignition/sources/kind.ts";
import { transpile, type Input } from "../../../ignition/transpile/index.ts";
import type { OsFamily } from "../../../plan/types.ts";

/** A profile of ours. */
export function inputOf(source: string, text: string, variables: Variables = {}): Input {
  const profile = parseProfile(source, text);
  const document = documentOf(profile, substitute(profile, variables));
  return { source, user: false, language: languageOf(profile.value), document };
}

/** A file of the user's. */
export function userInput(source: string, text: string, folder = "/"): Input {
  const profile = { ...parseProfile(source, text), user: true };
  return { source, user: true, language: languageOf(profile.value), document: documentOf(profile), folder };
}

export const transpiled = (os: OsFamily, ...inputs: readonly Input[]): string => transpile(inputs, os).json;
