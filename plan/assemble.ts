/** The plan out of a draft in which all is right. */
import { posix } from "node:path";
import { discoveryOf } from "./checks/etcd.ts";
import { DEFAULTS } from "./defaults.ts";
import { founderCount, type Draft, type NodeDraft } from "./draft.ts";
import type { RawSettings } from "./raw.ts";
import { MIB } from "./sizes.ts";
import type { ClusterPlan, ImagePlan, NodePlan, SourceFile } from "./types.ts";
import { warningsOf } from "./warnings.ts";

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
  const { ignition, etcdVersion, metadataUrl, tls = false } = given;
  return {
    prefix,
    os: sure(draft.os, "os"),
    arch: given.arch ?? DEFAULTS.arch,
    image: imagePlan(draft, raw),
    pool: { name: prefix, path: posix.join(given.poolPath ?? DEFAULTS.poolPath, prefix) },
    bridge: given.bridge ?? DEFAULTS.bridge,
    domainType,
    autostart: given.autostart ?? false,
    nodes: sure(draft.nodes, "nodes").map((node) => nodePlan(node, raw, ignition !== undefined)),
    ...(ignition === undefined ? {} : { ignition: sourceFile(raw, ignition) }),
    ...(etcdVersion === undefined ? {} : { etcdVersion }),
    ntpServers: given.ntpServers ?? [],
    dockerListen: given.dockerListen ?? (tls ? DEFAULTS.dockerListenTls : DEFAULTS.dockerListen),
    ...(metadataUrl === undefined ? {} : { metadataUrl }),
    discovery: sure(discoveryOf(draft), "discovery"),
    ...(tls ? { tls: { rotation: given.tlsRotation ?? DEFAULTS.tlsRotation } } : {}),
    bootstrapSize: given.bootstrapSize ?? sure(founderCount(draft), "members"),
    sshAuthorizedKeys: sure(given.sshAuthorizedKeys, "sshAuthorizedKeys"),
    readinessTimeout: given.readinessTimeout ?? DEFAULTS.readinessTimeout[domainType],
    warnings: warningsOf(draft, raw),
    secretKeys: raw.secretKeys,
  };
}
