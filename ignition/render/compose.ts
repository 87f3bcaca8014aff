/** Profiles and variables in, one Container Linux Config out, which knows where each of its lines comes from. */
import { isAlias, isMap, isPair, isScalar, isSeq } from "yaml";
import { mergeProfiles, originText, type Merged } from "./merge.ts";
import type { Profile } from "./profile.ts";
import { substitute, type Variables } from "./substitute.ts";
import type { Path } from "./values.ts";
import { readYaml, writeYaml } from "./yaml.ts";

export interface ContainerLinuxConfig {
  readonly text: string;
  /** The profile and line that a line of `text` comes from, for messages of the transpiler. */
  readonly locate: (line: number) => string | undefined;
}

/** The path of the innermost value that begins at or before a line of a YAML text and does not end before it. */
function pathAt(text: string, line: number): Path {
  const { document, lines } = readYaml(text);
  const covers = (node: { range?: [number, number, number] | null | undefined }): boolean =>
    !!node.range && lines.linePos(node.range[0]).line <= line && lines.linePos(node.range[1]).line >= line;
  const descend = (node: unknown): Path => {
    if (isMap(node)) {
      // The last pair that begins at or before the line: a value may begin on the line after its key.
      const pair = node.items.findLast(
        ({ key }) => isScalar(key) && !!key.range && lines.linePos(key.range[0]).line <= line,
      );
      return isPair(pair) && isScalar(pair.key) ? [String(pair.key.value), ...descend(pair.value)] : [];
    }
    if (isSeq(node)) {
      const index = node.items.findLastIndex(
        (item) => !isPair(item) && !isAlias(item) && covers(item as never),
      );
      return index < 0 ? [] : [index, ...descend(node.items[index])];
    }
    return [];
  };
  return descend(document.contents);
}

function locate(text: string, merged: Merged, line: number): string | undefined {
  const origin = merged.originOf(pathAt(text, line));
  return origin === undefined ? undefined : originText(origin);
}

/**
 * One Container Linux Config from profiles, in their order.
 * @throws RenderError where a variable is missing or two profiles contradict.
 */
export function compose(profiles: readonly Profile[], variables: Variables): ContainerLinuxConfig {
  const merged = mergeProfiles(
    profiles.map((profile) => ({ profile, value: substitute(profile, variables) })),
  );
  const text = writeYaml(merged.value);
  return { text, locate: (line) => locate(text, merged, line) };
}
