/** Which files a config names. */
import { draftOf } from "./draft.ts";
import type { RawSettings } from "./raw.ts";

/** The paths of snippets and of the user's own config, as the config writes them, each once; those that are no texts are left out. */
export function filesNamed(raw: Pick<RawSettings, "stack" | "values" | "secretKeys">): string[] {
  const { given, nodes } = draftOf(raw);
  const sources = [
    ...(given.snippets ?? []),
    ...(nodes ?? []).flatMap(({ snippets }) => snippets.map(({ source }) => source)),
  ];
  return [...new Set([...sources, ...(given.ignition === undefined ? [] : [given.ignition])])];
}
