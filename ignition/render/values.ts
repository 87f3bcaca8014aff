/** Plain values as YAML and JSON have them. */
export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };
export type ValueMap = { [key: string]: Value };

export const isMap = (value: unknown): value is ValueMap =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Where a value lies in a document. */
export type Path = readonly (string | number)[];
