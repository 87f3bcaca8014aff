/**
 * What is known of a cluster before all is right: settings that are right in themselves, and defaults where there are
 * none. What is wrong is undefined, so that a check of two settings is made wherever both are known.
 */
import type * as z from "zod/mini";
import { hostNameOf } from "./connections.ts";
import { DEFAULTS } from "./defaults.ts";
import { macOf } from "./mac.ts";
import { defaultPrefix, isPrefix, nodeName } from "./names.ts";
import { OS_TRAITS } from "./os.ts";
import type { ProfileName } from "./profiles.ts";
import type { RawSettings } from "./raw.ts";
import type { Path } from "./remedies.ts";
import { nodeEntry, plainEntry, type NodeEntry } from "./schema/nodes.ts";
import { hostEntry, plainHost } from "./schema/hosts.ts";
import { fromJson, isMap } from "./schema/parts.ts";
import { osSchema, settingsSchema, type Settings, type SizeContext } from "./schema/index.ts";
import { GIB, MIB } from "./sizes.ts";
import type { OsFamily, Role } from "./types.ts";

/** A file as the config names it, and where it does. */
export interface Named {
  readonly source: string;
  readonly at: Path;
}

export interface NodeDraft {
  /** Undefined where the prefix is wrong. */
  readonly name: string | undefined;
  /** Its entry in the config; undefined where only the number of nodes is given. */
  readonly at: Path | undefined;
  /** Bytes. */
  readonly memory: number | undefined;
  readonly vcpus: number | undefined;
  /** Bytes. */
  readonly diskSize: number | undefined;
  readonly mac: string | undefined;
  readonly address: string | undefined;
  /** Name of the host that its entry puts it on. */
  readonly host: string | undefined;
  readonly role: Role | undefined;
  readonly profiles: readonly ProfileName[] | undefined;
  /** Where its profiles come from: its entry, the key for all nodes, or (undefined) the defaults of its role. */
  readonly profilesAt: Path | undefined;
  readonly snippets: readonly Named[];
  /** Whether its entry says that it joins; undefined where that is wrong. */
  readonly joins: boolean | undefined;
}

/** A libvirt host of the config. */
export interface HostDraft {
  /** As it is given, or made of the URI. */
  readonly name: string | undefined;
  readonly uri: string | undefined;
  readonly bridge: string | undefined;
  readonly weight: number | undefined;
  readonly poolPath: string | undefined;
}

export interface Draft {
  /** The settings that are given and right. */
  readonly given: Partial<Settings>;
  /** Keys that are given and not right. */
  readonly wrong: ReadonlySet<string>;
  readonly context: SizeContext;
  readonly os: OsFamily | undefined;
  readonly prefix: string | undefined;
  /** In the order of their names; undefined where the key nodes is not right. */
  readonly nodes: readonly NodeDraft[] | undefined;
  /** In the config's order; undefined where it names none, or none that can be read. */
  readonly hosts: readonly HostDraft[] | undefined;
}

type Shape = Readonly<Record<string, z.ZodMiniType>>;
type Right<S extends Shape> = { -readonly [K in keyof S]?: z.output<S[K]> };

/** The values of a map that are right in themselves, and the keys of those that are not. */
function rightParts<S extends Shape>(shape: S, values: unknown): { right: Right<S>; wrong: Set<string> } {
  const right: Record<string, unknown> = {};
  const wrong = new Set<string>();
  const given = isMap(values) ? values : {};
  for (const [key, schema] of Object.entries(shape)) {
    const value = Object.hasOwn(given, key) ? given[key] : undefined;
    if (value === undefined) continue;
    const result = schema.safeParse(value);
    if (result.success) right[key] = result.data;
    else wrong.add(key);
  }
  return { right: right as Right<S>, wrong };
}

/** A setting, or its default where it is not given; undefined where it is wrong. */
export const known = <K extends keyof Settings, D>(
  { given, wrong }: Pick<Draft, "given" | "wrong">,
  key: K,
  fallback: D,
): Settings[K] | D | undefined => (wrong.has(key) ? undefined : (given[key] ?? fallback));

/** Bytes of a disk where the config says nothing: never less than the image has, in whole MiB. */
const defaultDisk = ({ virtualSize = 0 }: SizeContext): number =>
  Math.max(DEFAULTS.diskSize, Math.ceil(virtualSize / MIB) * MIB, GIB);

const named = (sources: readonly string[], at: Path): Named[] => sources.map((source) => ({ source, at }));

type Known = Omit<Draft, "nodes" | "hosts">;

function nodeDraft(
  draft: Known,
  name: string | undefined,
  at: Path | undefined,
  entry: { right: Partial<NodeEntry>; wrong: ReadonlySet<string> },
): NodeDraft {
  /** Of the entry, else of all nodes, else the default. */
  const own = <T>(key: keyof NodeEntry & keyof Settings, fallback: T | undefined): T | undefined =>
    entry.wrong.has(key) ? undefined : ((entry.right[key] ?? known(draft, key, fallback)) as T | undefined);
  const role = own<Role>("role", DEFAULTS.role);
  const profilesAt =
    at !== undefined && (entry.right.profiles !== undefined || entry.wrong.has("profiles"))
      ? [...at, "profiles"]
      : draft.given.profiles !== undefined || draft.wrong.has("profiles")
        ? ["profiles"]
        : undefined;
  const memory = draft.os === undefined ? undefined : OS_TRAITS[draft.os].memoryDefault * MIB;
  return {
    name,
    at,
    memory: own<number>("memory", memory),
    vcpus: own<number>("vcpus", DEFAULTS.vcpus),
    diskSize: own<number>("diskSize", defaultDisk(draft.context)),
    mac: entry.wrong.has("mac")
      ? undefined
      : (entry.right.mac ?? (name === undefined ? undefined : macOf(name))),
    address: entry.right.address,
    host: entry.right.host,
    role,
    profiles: own<readonly ProfileName[]>(
      "profiles",
      role === undefined ? undefined : DEFAULTS.profiles[role],
    ),
    profilesAt,
    snippets: [
      ...named(draft.given.snippets ?? [], ["snippets"]),
      ...named(entry.right.snippets ?? [], [...(at ?? []), "snippets"]),
    ],
    joins: entry.wrong.has("joins") ? undefined : (entry.right.joins ?? false),
  };
}

const NOTHING = { right: {}, wrong: new Set<string>() };

function nodeDrafts(draft: Known, raw: RawSettings): NodeDraft[] | undefined {
  const value = raw.values["nodes"];
  if (isMap(value)) {
    const names = Object.keys(value).sort();
    if (names.length === 0) return undefined;
    const { shape } = nodeEntry(draft.context);
    return names.map((name) =>
      nodeDraft(draft, name, ["nodes", name], rightParts(shape, plainEntry(value[name]))),
    );
  }
  const count = known(draft, "nodes", DEFAULTS.nodes);
  if (typeof count !== "number") return undefined;
  return Array.from({ length: count }, (_, index) => {
    const name = draft.prefix === undefined ? undefined : nodeName(draft.prefix, index + 1);
    return nodeDraft(draft, name, undefined, NOTHING);
  });
}

function hostDrafts(draft: Known, raw: RawSettings): HostDraft[] | undefined {
  const value = fromJson(raw.values["hosts"]);
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.map((entry): HostDraft => {
    const { right, wrong } = rightParts(hostEntry.shape, plainHost(entry));
    const own = (key: "bridge" | "poolPath", usual: string): string | undefined =>
      wrong.has(key) ? undefined : (right[key] ?? known(draft, key, usual));
    const named = right.uri === undefined ? undefined : hostNameOf(right.uri);
    return {
      uri: right.uri,
      name: wrong.has("name") ? undefined : (right.name ?? named),
      bridge: own("bridge", DEFAULTS.bridge),
      weight: wrong.has("weight") ? undefined : (right.weight ?? DEFAULTS.weight),
      poolPath: own("poolPath", DEFAULTS.poolPath),
    };
  });
}

/** What limits hang on: the system, and the size of the image where it is a file. */
function contextOf(raw: RawSettings): SizeContext {
  const os = osSchema.safeParse(raw.values["os"] ?? DEFAULTS.os);
  const image = raw.image !== undefined && "image" in raw.image ? raw.image.image : undefined;
  return { os: os.success ? os.data : undefined, virtualSize: image?.virtualSize };
}

/** What is known of the cluster that settings describe. Never throws. */
export function draftOf(raw: RawSettings): Draft {
  const context = contextOf(raw);
  const { right: given, wrong } = rightParts(settingsSchema(context).shape, raw.values);
  const usual = defaultPrefix(raw.stack);
  const prefix = known({ given, wrong }, "prefix", isPrefix(usual) ? usual : undefined);
  const draft: Known = { given, wrong, context, os: context.os, prefix };
  return { ...draft, nodes: nodeDrafts(draft, raw), hosts: hostDrafts(draft, raw) };
}

/** How many members can begin a cluster: those that don't say that they join; undefined where that is not known. */
export function founderCount({ nodes }: Draft): number | undefined {
  if (nodes === undefined || nodes.some(({ role, joins }) => role === undefined || joins === undefined))
    return undefined;
  return nodes.filter(({ role, joins }) => role === "member" && joins === false).length;
}

/** How many nodes are members; undefined where that is not known. */
export function memberCount({ nodes }: Draft): number | undefined {
  if (nodes === undefined || nodes.some(({ role }) => role === undefined)) return undefined;
  return nodes.filter(({ role }) => role === "member").length;
}
