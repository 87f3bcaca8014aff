/**
 * YAML in and out, so that ct reads the same scalars as if it had read the user's file. ct's parser follows YAML 1.1 and looks
 * at the field it fills: `off` is a text for reboot_strategy and false for enabled, `0644` is octal. So the words of 1.1 stay texts
 * here and are written without quotes again, and numbers stay as they are written.
 */
import {
  LineCounter,
  parseDocument,
  stringify,
  type Document,
  type DocumentOptions,
  type ParseOptions,
  type ScalarTag,
  type SchemaOptions,
  type Tags,
} from "yaml";
import { isMap, WrittenNumber, type Value, type ValueMap } from "./values.ts";

const number: ScalarTag = {
  tag: "tag:yaml.org,2002:int",
  default: true,
  test: /^[-+]?(?:0[xob][0-9a-fA-F_]+|\.?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?)$/,
  resolve: (text) => (String(Number(text)) === text ? Number(text) : new WrittenNumber(text)),
  identify: (value) => value instanceof WrittenNumber,
  stringify: ({ value }) => (value instanceof WrittenNumber ? value.text : String(value)),
};

/**
 * Texts that a block or a plain scalar does not surely bring through every parser: control characters, marks that count as
 * line breaks or are invisible, and texts of many lines that begin or end with a blank.
 */
const isDelicate = (text: string): boolean =>
  /[\0-\x08\x0b-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]/.test(text) ||
  (text.includes("\n") && /^\s|[ \t]$/.test(text));

const escape = (character: string): string => {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
};

const quote = (text: string): string => `"${text.replace(/[^ !#-[\]-~]/gu, escape)}"`;

/** A delicate text on its way out. */
class QuotedText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const quoted: ScalarTag = {
  tag: "tag:yaml.org,2002:str",
  default: true,
  resolve: (text) => text,
  identify: (value) => value instanceof QuotedText,
  stringify: ({ value }) => quote((value as QuotedText).text),
};

/** The value with all its delicate texts marked, in keys as they are: those are names of sections and options. */
function markDelicate(value: Value): unknown {
  if (typeof value === "string") return isDelicate(value) ? new QuotedText(value) : value;
  if (Array.isArray(value)) return value.map(markDelicate);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, markDelicate(inner)]));
}

const OPTIONS: ParseOptions & DocumentOptions & SchemaOptions = {
  version: "1.2",
  merge: true,
  customTags: (tags: Tags) => [number, quoted, ...tags],
};

export interface ReadYaml {
  readonly document: Document;
  readonly lines: LineCounter;
}

export function readYaml(text: string): ReadYaml {
  const lines = new LineCounter();
  return { document: parseDocument(text, { ...OPTIONS, lineCounter: lines, prettyErrors: false }), lines };
}

export const writeYaml = (value: ValueMap): string =>
  stringify(markDelicate(value), { ...OPTIONS, lineWidth: 0, aliasDuplicateObjects: false });
