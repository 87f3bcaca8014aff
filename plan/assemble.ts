/** The plan out of a draft in which all is right. */
import { posix } from "node:path";
import { discoveryOf } from "./checks/etcd.ts";
import { DEFAULTS } from "./defaults.ts";
import { founderCount, type Draft, type HostDraft, type NodeDraft } from "./draft.ts";
import { placesOf } from "./placement.ts";
import type { RawSettings } from "./raw.ts";
import { MIB } from "./sizes.ts";
import type { ClusterPlan, HostPlan, ImagePlan, NodePlan, PoolPlan, SourceFile } from "./types.ts";
import { quorumWarnings, warningsOf } from "./warnings.ts";

/** What the checks have made sure of. */
function sure<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`The config's checks let a plan through without ${what}`);
  return value;
}

function sourceFile(raw: RawSettings, source: string): SourceFile {
  const finding = raw.files?.[source];
  return sure(finding !== undefined && "file" in finding ? finding.file : undefined, source);
}

/** Each file once: it may be named for all nodes and for one, or by two spellings of its path. */
const onceEach = (files: readonly SourceFile[]): SourceFile[] => {
  const first = new Map<string, SourceFile>();
  for (const file of files) if (!first.has(file.path)) first.set(file.path, file);
  return [...first.values()];
};

const poolOf = (prefix: string, folder: string): PoolPlan => ({
  name: prefix,
  path: posix.join(folder, prefix),
});

/** The hosts by name: the config's order says nothing. */
const hostPlans = (hosts: readonly HostDraft[], prefix: string): HostPlan[] =>
  hosts
    .map((host) => ({
      name: sure(host.name, "a host's name"),
      uri: sure(host.uri, "a host's uri"),
      bridge: sure(host.bridge, "a host's bridge"),
      weight: sure(host.weight, "a host's weight"),
      pool: poolOf(prefix, sure(host.poolPath, "a host's poolPath")),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** Puts machines on hosts. */
function placed(
  nodes: readonly NodePlan[],
  bootstrapSize: number,
  drafts: readonly NodeDraft[],
  hosts: readonly HostPlan[],
): NodePlan[] {
  const pins = new Map(drafts.map(({ name, host }) => [name, host]));
  const where = placesOf({ nodes, bootstrapSize }, (name) => pins.get(name), hosts);
  return nodes.map((node) => ({ ...node, host: sure(where.get(node.name), "a place") }));
}

function nodePlan(node: NodeDraft, raw: RawSettings, hasIgnition: boolean): NodePlan {
  const { address } = node;
  return {
    name: sure(node.name, "a node's name"),
    mac: sure(node.mac, "a MAC"),
    memory: sure(node.memory, "memory") / MIB,
    vcpus: sure(node.vcpus, "vcpus"),
    diskSize: sure(node.diskSize, "diskSize"),
    role: sure(node.role, "a role"),
    profiles: hasIgnition ? [] : sure(node.profiles, "profiles"),
    snippets: onceEach(node.snippets.map(({ source }) => sourceFile(raw, source))),
    ...(address === undefined ? {} : { address }),
    ...(node.joins === true ? { joins: true } : {}),
  };
}

function imagePlan(draft: Draft, raw: RawSettings): ImagePlan {
  const volume = draft.given.baseVolume;
  if (volume !== undefined) return { kind: "volume", ...volume };
  return sure(
    raw.image !== undefined && "image" in raw.image ? raw.image.image : undefined,
    "an image that was looked at",
  );
}

/** The plan. @throws Error where a check is missing: nothing that a user can mend. */
export function assemble(draft: Draft, raw: RawSettings): ClusterPlan {
  const { given } = draft;
  const prefix = sure(draft.prefix, "a prefix");
  const domainType = given.domainType ?? DEFAULTS.domainType;
  const { ignition, etcdVersion, metadataUrl, tls = false, rejoin } = given;
  const hosts = draft.hosts === undefined ? undefined : hostPlans(draft.hosts, prefix);
  const drafts = sure(draft.nodes, "nodes");
  const alone = drafts.map((node) => nodePlan(node, raw, ignition !== undefined));
  const bootstrapSize = given.bootstrapSize ?? sure(founderCount(draft), "members");
  const nodes = hosts === undefined ? alone : placed(alone, bootstrapSize, drafts, hosts);
  return {
    prefix,
    os: sure(draft.os, "os"),
    arch: given.arch ?? DEFAULTS.arch,
    image: imagePlan(draft, raw),
    pool: poolOf(prefix, given.poolPath ?? DEFAULTS.poolPath),
    bridge: given.bridge ?? DEFAULTS.bridge,
    ...(hosts === undefined ? {} : { hosts }),
    domainType,
    autostart: given.autostart ?? false,
    nodes,
    ...(ignition === undefined ? {} : { ignition: sourceFile(raw, ignition) }),
    ...(etcdVersion === undefined ? {} : { etcdVersion }),
    ntpServers: given.ntpServers ?? [],
    dockerListen: given.dockerListen ?? (tls ? DEFAULTS.dockerListenTls : DEFAULTS.dockerListen),
    ...(metadataUrl === undefined ? {} : { metadataUrl }),
    discovery: sure(discoveryOf(draft), "discovery"),
    ...(tls ? { tls: { rotation: given.tlsRotation ?? DEFAULTS.tlsRotation } } : {}),
    bootstrapSize,
    ...(rejoin === undefined ? {} : { rejoin }),
    sshAuthorizedKeys: sure(given.sshAuthorizedKeys, "sshAuthorizedKeys"),
    readinessTimeout: given.readinessTimeout ?? DEFAULTS.readinessTimeout[domainType],
    warnings: [...warningsOf(draft, raw), ...quorumWarnings(hosts ?? [], nodes)],
    secretKeys: raw.secretKeys,
  };
}
