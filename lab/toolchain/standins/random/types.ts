/** RandomId and RandomBytes: values made once, kept in the state, made anew only with a new resource. */
import { randomBytes } from "node:crypto";
import { diffInputs } from "../plugin/diff.ts";
import type { CheckFailure, ResourceType } from "../plugin/resourceType.ts";
import {
  isObject,
  isUnknown,
  secret,
  UNKNOWN,
  type PropertyMap,
  type PropertyValue,
} from "../plugin/values.ts";

/** The longest value that is asked for in earnest, in bytes; a wrong unit should not fill the memory. */
const LONGEST = 1024 * 1024;

type Check = (value: PropertyValue) => boolean;
const count: Check = (value) =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= LONGEST;
const textMap: Check = (value) =>
  isObject(value) && Object.values(value).every((inner) => typeof inner === "string");

interface Input {
  readonly is: Check;
  readonly want: string;
  readonly required?: boolean;
}

const KEEPERS: Input = { is: textMap, want: "a map of strings" };
const LENGTH: Input = { is: count, want: `a whole number from 1 to ${LONGEST}`, required: true };

function checkAgainst(table: Readonly<Record<string, Input>>, given: PropertyMap) {
  const failures: CheckFailure[] = [];
  for (const [property, { is, want, required = false }] of Object.entries(table)) {
    const value = given[property] ?? null;
    if (value === null) {
      if (required) failures.push({ property, reason: "is required" });
    } else if (!JSON.stringify(value).includes(UNKNOWN) && !isUnknown(value) && !is(value)) {
      failures.push({ property, reason: `must be ${want}, found ${JSON.stringify(value)}` });
    }
  }
  const inputs = Object.fromEntries(Object.entries(given).filter(([key]) => Object.hasOwn(table, key)));
  return { inputs, failures };
}

/**
 * What the official plugin notes beside the outputs: how they differ from the state of the Terraform resource below
 * it. That holds null for an input that was not given, and a map where Pulumi has an object.
 */
function rawStateDelta(table: Readonly<Record<string, Input>>, inputs: PropertyMap): PropertyMap {
  const notes: Record<string, PropertyValue> = {};
  for (const [name, { required = false }] of Object.entries(table)) {
    if (inputs[name] === undefined && !required) notes[name] = secret({ replace: { raw: null } });
    else if (isObject(inputs[name])) notes[name] = { map: {} };
  }
  return { obj: Object.keys(notes).length === 0 ? {} : { ps: notes } };
}

/** A resource whose every input needs a new resource when it changes. */
function randomType(
  table: Readonly<Record<string, Input>>,
  outputs: readonly string[],
  make: (inputs: PropertyMap) => { id: string; values: PropertyMap },
): ResourceType {
  return {
    check: (given) => checkAgainst(table, given),
    diff: (old, next) => {
      const changes = diffInputs(old, next);
      return { changes, replaces: new Set(changes.keys()) };
    },
    create: (inputs, { preview }) => {
      const unknown = Object.fromEntries(outputs.map((name) => [name, UNKNOWN]));
      if (preview) return Promise.resolve({ id: "", state: { ...inputs, ...unknown } });
      const { id, values } = make(inputs);
      const delta = rawStateDelta(table, inputs);
      return Promise.resolve({ id, state: { ...inputs, ...values, __pulumi_raw_state_delta: delta } });
    },
    update: (state) => Promise.resolve(state), // never asked for: every change is a replacement
    delete: () => Promise.resolve(),
  };
}

/** The outputs of a RandomId over given bytes, each with the prefix put before it. */
export function randomIdOutputs(bytes: Buffer, prefix: string): Record<string, string> {
  return {
    id: bytes.toString("base64url"),
    b64Std: prefix + bytes.toString("base64"),
    b64Url: prefix + bytes.toString("base64url"),
    dec: prefix + BigInt(`0x${bytes.toString("hex")}`).toString(),
    hex: prefix + bytes.toString("hex"),
  };
}

const text = (value: PropertyValue | undefined): string => (typeof value === "string" ? value : "");

export const randomIdType: ResourceType = randomType(
  {
    byteLength: LENGTH,
    keepers: KEEPERS,
    prefix: { is: (value) => typeof value === "string", want: "a string" },
  },
  ["id", "b64Std", "b64Url", "dec", "hex"],
  (inputs) => {
    const values = randomIdOutputs(randomBytes(Number(inputs["byteLength"])), text(inputs["prefix"]));
    return { id: values["id"] ?? "", values };
  },
);

export const randomBytesType: ResourceType = randomType(
  { length: LENGTH, keepers: KEEPERS },
  ["base64", "hex"],
  (inputs) => {
    const bytes = randomBytes(Number(inputs["length"]));
    const base64 = bytes.toString("base64");
    return { id: base64, values: { base64: secret(base64), hex: secret(bytes.toString("hex")) } };
  },
);
