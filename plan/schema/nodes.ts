/** The cluster's machines: how many, or a map of them by name with what is different for each. */
import * as z from "zod/mini";
import { isLabel, MAX_NODES, proposeName, RESERVED_NAMES } from "../names.ts";
import { PROFILE_NAMES, type ProfileName } from "../profiles.ts";
import { suggest } from "../suggest.ts";
import { hostOfNode } from "./hosts.ts";
import { address, mac } from "./network.ts";
import {
  choice,
  forward,
  fromJson,
  isMap,
  list,
  mapOr,
  refuse,
  wholeNumber,
  yesOrNo,
  type Checked,
} from "./parts.ts";
import { diskSchema, memorySchema, type SizeContext } from "./sizes.ts";

export const role = choice(["member", "client"], { server: "member", worker: "client" });
export const vcpus = wholeNumber(1, 255);
export const nodeCount = wholeNumber(1, MAX_NODES);

export const profiles = list(
  (value): Checked<ProfileName> => {
    const known = PROFILE_NAMES.find((name) => name === value);
    if (known !== undefined) return { value: known };
    const meant = suggest(value, PROFILE_NAMES);
    if (meant === undefined) return { expected: `profiles out of ${PROFILE_NAMES.join(", ")}` };
    return { expected: `${meant}; no profile is called ${JSON.stringify(value)}`, word: meant };
  },
  { example: "base" },
);

/** Paths may hold commas, so one text is one path. */
export const snippets = list((value): Checked<string> => ({ value }), {
  example: "./snippet.yaml",
  commas: false,
});

/** What a node can have of its own. */
export const nodeEntry = (context: SizeContext) =>
  z.strictObject({
    memory: z.optional(memorySchema(context)),
    vcpus: z.optional(vcpus),
    diskSize: z.optional(diskSchema(context)),
    mac: z.optional(mac),
    address: z.optional(address),
    host: z.optional(hostOfNode),
    role: z.optional(role),
    profiles: z.optional(profiles),
    snippets: z.optional(snippets),
    joins: z.optional(yesOrNo),
  });

export type NodeEntry = z.output<ReturnType<typeof nodeEntry>>;

/** An entry as it is meant: nothing (null, "", "{}") is an empty one, and so is each part that has no value. */
export function plainEntry(given: unknown): unknown {
  const value = given === "" ? null : fromJson(given);
  if (value === null) return {};
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== null && part !== ""));
}

const NAME_FORM =
  "the whole name of a machine as key (RFC 1123): a-z, 0-9 and -, beginning and ending with a letter or digit, " +
  "with a letter in it, at most 63 characters";

const ENTRY_FORM = "a map of what is different for this machine (memory, role and so on), or nothing";

/** Why a machine can't be called so; undefined where it can. */
export const nameFault = (name: string): string | undefined => {
  if (RESERVED_NAMES.includes(name)) return `another name: ${name} means each machine itself`;
  return isLabel(name) ? undefined : NAME_FORM;
};

/** The machines by name. Issues carry the path inside the map. */
const nodeMap = (context: SizeContext) =>
  z.pipe(
    z.custom<Readonly<Record<string, unknown>>>(isMap),
    z.transform((value, issues): ReadonlyMap<string, NodeEntry> => {
      const names = Object.keys(value);
      if (names.length < 1 || names.length > MAX_NODES) {
        return refuse(issues, `from 1 to ${MAX_NODES} machines; these are ${names.length}`, {
          word: names.length === 0 ? "3" : String(MAX_NODES),
        });
      }
      const schema = nodeEntry(context);
      const entries = new Map<string, NodeEntry>();
      for (const name of names) {
        const fault = nameFault(name);
        if (fault !== undefined) {
          refuse(issues, fault, { rename: proposeName(name, names) }, [name]);
          continue;
        }
        const entry = plainEntry(value[name]);
        if (!isMap(entry)) {
          refuse(issues, ENTRY_FORM, { word: "member", within: ["role"] }, [name]);
          continue;
        }
        const result = schema.safeParse(entry);
        if (result.success) entries.set(name, result.data);
        else forward(result.error.issues, issues, [name]);
      }
      return entries;
    }),
  );

export const nodes = (context: SizeContext) => mapOr(nodeMap(context), nodeCount);
