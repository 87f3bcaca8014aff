/** Profiles and variables in, one Container Linux Config out, which knows where each of its lines comes from. */
import { isAlias, isMap, isPair, isScalar, isSeq } from "yaml";
import { documentOf, type Document, type Origin } from "./document.ts";
import { mergeDocuments } from "./merge.ts";
import type { Profile } from "./profile.ts";
import { substitute, type Variables } from "./substitute.ts";
import type { Path } from "./values.ts";
import { readYaml, writeYaml } from "./yaml.ts";

export interface ContainerLinuxConfig extends Document {
  readonly text: string;
  /** The file and line that a line of `text` comes from, for messages of the transpiler. */
  readonly locate: (line: number) => Origin | undefined;
}

/** The path of the innermost value that begins at or before a line of a YAML text and does not end before it. */
export function pathAt(text: string, line: number): Path {
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

/** A Container Linux Config for ct: written out, and able to say where each of its lines comes from. */
export function written(document: Document): ContainerLinuxConfig {
  const text = writeYaml(document.value);
  return { ...document, text, locate: (line) => document.originOf(pathAt(text, line)) };
}

/**
 * One Container Linux Config from profiles, in their order.
 * @throws RenderError where a variable is missing or two profiles contradict.
 */
export const compose = (profiles: readonly Profile[], variables: Variables): ContainerLinuxConfig =>
  written(mergeDocuments(profiles.map((profile) => documentOf(profile, substitute(profile, variables)))));
