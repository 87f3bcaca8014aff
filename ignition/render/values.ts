/** Plain values as YAML has them. */

/**
 * A number as it is written, where JavaScript would write it otherwise (0644, 1.10, 0x1f): the transpiler knows what it means
 * there, an octal mode or a text.
 */
export class WrittenNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Plain = string | number | boolean | null | WrittenNumber;
export type Value = Plain | Value[] | { [key: string]: Value };
export type ValueMap = { [key: string]: Value };

export const isMap = (value: unknown): value is ValueMap =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof WrittenNumber);

export const isSame = (one: Value, other: Value): boolean =>
  one instanceof WrittenNumber && other instanceof WrittenNumber ? one.text === other.text : one === other;

/** Where a value lies in a document. */
export type Path = readonly (string | number)[];
