/** The inputs of a local command: their types, as the official plugin checks them. */
import type { CheckFailure } from "../plugin/resourceType.ts";
import {
  containsUnknown,
  isList,
  isObject,
  isUnknown,
  reveal,
  type PropertyMap,
  type PropertyValue,
} from "../plugin/values.ts";

const text = (value: PropertyValue): boolean => typeof value === "string";
const texts = (value: PropertyValue): boolean => isList(value) && value.every(text);
const textMap = (value: PropertyValue): boolean => isObject(value) && Object.values(value).every(text);
const LOGGING = ["stdout", "stderr", "stdoutAndStderr", "none"];

/** What each input must be, by name. */
const INPUTS: Readonly<
  Record<string, { readonly is: (value: PropertyValue) => boolean; readonly want: string }>
> = {
  create: { is: text, want: "a string" },
  update: { is: text, want: "a string" },
  delete: { is: text, want: "a string" },
  stdin: { is: text, want: "a string" },
  dir: { is: text, want: "a string" },
  logging: {
    is: (value) => typeof value === "string" && LOGGING.includes(value),
    want: `one of ${LOGGING.join(", ")}`,
  },
  interpreter: { is: texts, want: "a list of strings" },
  environment: { is: textMap, want: "a map of strings" },
  addPreviousOutputInEnv: { is: (value) => typeof value === "boolean", want: "a boolean" },
  triggers: { is: isList, want: "a list" },
};

export const INPUT_NAMES: readonly string[] = Object.keys(INPUTS);

/** Inputs of the official plugin that this stand-in has not. */
const MISSING = ["assetPaths", "archivePaths"];

/** The known inputs, unchanged (the official plugin adds no defaults), and what is wrong with them. */
export function checkInputs(given: PropertyMap): { inputs: PropertyMap; failures: readonly CheckFailure[] } {
  const failures: CheckFailure[] = [];
  for (const [property, { is, want }] of Object.entries(INPUTS)) {
    const value = reveal(given[property] ?? null);
    // What is partly unknown can only be judged in the real run.
    if (value === null || isUnknown(value) || containsUnknown(value) || is(value)) continue;
    failures.push({ property, reason: `must be ${want}, found ${JSON.stringify(value)}` });
  }
  for (const property of Object.keys(given).filter((key) => !Object.hasOwn(INPUTS, key))) {
    const reason = MISSING.includes(property)
      ? "not supported by the offline stand-in for pulumi-resource-command; install the official plugin"
      : "a Command has no such input";
    failures.push({ property, reason });
  }
  const inputs = Object.fromEntries(Object.entries(given).filter(([key]) => Object.hasOwn(INPUTS, key)));
  return { inputs, failures };
}

/** The inputs of one run as plain values. */
export interface CommandInputs {
  readonly create?: string;
  readonly update?: string;
  readonly delete?: string;
  readonly stdin?: string;
  readonly dir?: string;
  readonly logging?: string;
  readonly interpreter?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly addPreviousOutputInEnv?: boolean;
}

/** The checked inputs without the marks of secrets. */
export const plainInputs = (inputs: PropertyMap): CommandInputs => reveal(inputs) as CommandInputs;
