/** A configuration whose values know which file and line they come from. */
import type { Profile } from "./profile.ts";
import type { Path, ValueMap } from "./values.ts";

export interface Origin {
  /** The file, as messages call it. */
  readonly source: string;
  /** Counted from 1. */
  readonly line: number;
  /** Whether the user wrote it: then a transpiler's warning is shown; in a profile of ours it is a fault. */
  readonly user: boolean;
}

export interface Document {
  readonly value: ValueMap;
  /** Where a value comes from: the nearest known thing at or around its path. */
  readonly originOf: (path: Path) => Origin | undefined;
}

/** A source file as a document of its own; `value` is what became of its content (variables filled in). */
export const documentOf = (profile: Profile, value: ValueMap = profile.value): Document => ({
  value,
  originOf: (path) => ({
    source: profile.source,
    line: profile.lineOf(path),
    user: profile.user === true,
  }),
});

/** An origin for a message: `ignition/profiles/base.yaml line 7`. */
export const originText = ({ source, line }: Origin): string => `${source} line ${line}`;

/** What is wrong, with the file and line in front where they are known. */
export const located = (origin: Origin | undefined, message: string): string =>
  origin === undefined ? message : `${originText(origin)}: ${message}`;
