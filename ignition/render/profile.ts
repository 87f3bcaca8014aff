/** One source document, a profile: parsed, and able to say on which line a value stands. */
import { RenderError } from "../errors.ts";
import { isMap, type Path, type ValueMap } from "./values.ts";
import { readYaml, type ReadYaml } from "./yaml.ts";

export interface Profile {
  /** What messages call it: its file. */
  readonly source: string;
  readonly value: ValueMap;
  /** Set where the user wrote it. */
  readonly user?: boolean;
  /** The line of a value, counted from 1, or of what is nearest around it. */
  readonly lineOf: (path: Path) => number;
}

function lineIn({ document, lines }: ReadYaml, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as
      { range?: [number, number, number] } | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

/**
 * Reads a profile's text.
 * @throws RenderError naming source and line where it is no YAML, or not a map.
 */
export function parseProfile(source: string, text: string): Profile {
  const read = readYaml(text);
  const [error] = read.document.errors;
  if (error !== undefined) {
    throw new RenderError(`${source} line ${read.lines.linePos(error.pos[0]).line}: ${error.message}`);
  }
  const value: unknown = read.document.toJS() ?? {};
  if (!isMap(value)) throw new RenderError(`${source}: a Container Linux Config is a map, this is not`);
  return { source, value, lineOf: (path) => lineIn(read, path) };
}
