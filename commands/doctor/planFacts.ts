/**
 * What a stack's definition says that a host has to do with. It is read from the file without Pulumi, as far as that goes:
 * values that are encrypted stay unknown, wrong ones are left to the program, which says all that is wrong.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join, posix, resolve } from "node:path";
import { parse } from "yaml";
import { DEFAULTS } from "../../plan/defaults.ts";
import { draftOf, known, type Draft } from "../../plan/draft.ts";
import { OS_TRAITS } from "../../plan/os.ts";
import { MIB } from "../../plan/sizes.ts";
import { shareOf } from "./share.ts";
import type { PlanDiscovery, PlanFacts, PlanNode } from "./types.ts";

/** A stack's file as it is written: `config` holds keys with their namespace. */
export type StackConfig = Readonly<Record<string, unknown>>;

const NAMESPACE = "coreos-cluster:";

const isSecret = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  ("secure" in value || Object.values(value).some((inner) => isSecret(inner)));

/** The program's own values that are not encrypted. */
function plainValues(config: StackConfig): Record<string, unknown> {
  const own = Object.entries(config).filter(([key, value]) => key.startsWith(NAMESPACE) && !isSecret(value));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(NAMESPACE.length), value]));
}

const base = (endpoint: string): string => endpoint.replace(/\/+$/, "");

/** What to ask of a registry without using a token up. */
function discoveryFacts(draft: Draft): PlanDiscovery {
  const parts = Object.keys(draft.given.discovery ?? {}).filter((part) => part !== "mode");
  return { ...registryOf(draft), ...(parts.length === 0 ? {} : { parts }) };
}

function registryOf(draft: Draft): PlanDiscovery {
  const given = draft.given.discovery as
    { mode?: string; endpoint?: string; endpoints?: readonly string[]; url?: string } | undefined;
  switch (given?.mode) {
    case "etcd":
      return { mode: "etcd", questions: [`${base(given.endpoint ?? "")}/v2/keys/`] };
    case "url":
      return { mode: "url", questions: [`${base(given.url ?? "")}/_config/size`] };
    case "v3":
      return { mode: "v3", questions: (given.endpoints ?? []).map((one) => `${base(one)}/version`) };
    case "static":
      return { mode: "static", questions: [] };
    default:
      return { mode: "service", questions: [`${base(given?.endpoint ?? DEFAULTS.discoveryEndpoint)}/`] };
  }
}

/** Bytes of a file; undefined where it can't be seen. */
export function fileSize(source: unknown, folder: string): number | undefined {
  if (typeof source !== "string" || /^https?:/i.test(source)) return undefined;
  const path = source.startsWith("~/") ? join(homedir(), source.slice(2)) : resolve(folder, source);
  return statSync(path, { throwIfNoEntry: false })?.size;
}

/** The hosts of a config that names several, in its order. */
export const hostUris = (stack: string, config: StackConfig): string[] =>
  (draftOf({ stack, values: plainValues(config), secretKeys: [] }).hosts ?? []).flatMap(
    ({ uri }) => uri ?? [],
  );

/**
 * The facts of a stack.
 * @param config the stack's config, empty where there is none.
 * @param given what the command line says instead; `uri`: the host that they are for, one of several perhaps.
 */
export function planFacts(
  stack: string,
  config: StackConfig,
  given: {
    readonly bridge?: string;
    readonly source?: string;
    readonly folder?: string;
    readonly uri?: string;
  } = {},
): PlanFacts {
  const values = plainValues(config);
  const draft = draftOf({ stack, values, secretKeys: [] });
  const setting = <K extends keyof Draft["given"], D>(key: K, fallback: D) =>
    known(draft, key, fallback) ?? fallback;
  const os = draft.os ?? DEFAULTS.os;
  const share = given.uri === undefined ? undefined : shareOf(draft, given.uri);
  const nodes = (share?.nodes ?? draft.nodes ?? []).map(({ name, memory, diskSize, address }): PlanNode => ({
    name,
    memory: memory ?? OS_TRAITS[os].memoryDefault * MIB,
    diskSize: diskSize ?? DEFAULTS.diskSize,
    reserved: address !== undefined,
  }));
  const { prefix } = draft;
  const poolPath = share?.poolPath ?? setting("poolPath", DEFAULTS.poolPath);
  const image = values["image"];
  const imageSource = typeof image === "object" && image !== null && "source" in image ? image.source : image;
  return {
    stack,
    source: given.source,
    os,
    arch: setting("arch", DEFAULTS.arch),
    domainType: setting("domainType", DEFAULTS.domainType),
    ...(share?.name === undefined ? {} : { host: share.name }),
    bridge: given.bridge ?? share?.bridge ?? setting("bridge", DEFAULTS.bridge),
    pool: { name: prefix, path: prefix === undefined ? poolPath : posix.join(poolPath, prefix) },
    nodes,
    imageSize: fileSize(imageSource, given.folder ?? "."),
    discovery: discoveryFacts(draft),
    ownFiles:
      draft.given.ignition !== undefined || (draft.nodes ?? []).some(({ snippets }) => snippets.length > 0),
  };
}

/** A stack's config, and the file it stands in; nothing where there is no such file, or none that can be read. */
export function readStackConfig(file: string): { readonly config: StackConfig; readonly source?: string } {
  if (!existsSync(file)) return { config: {} };
  const content: unknown = parse(readFileSync(file, "utf8"));
  const config =
    typeof content === "object" && content !== null && "config" in content ? content.config : undefined;
  return {
    config: typeof config === "object" && config !== null ? (config as StackConfig) : {},
    source: file,
  };
}
