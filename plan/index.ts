/** The plan: raw settings in, a checked cluster with all defaults applied out. Pure. */
import { posix } from "node:path";
import { ConfigError, type Problem } from "./errors.ts";
import { macCollisions, macOf } from "./mac.ts";
import { defaultPrefix, nodeName, proposePrefix } from "./names.ts";
import { OS_TRAITS } from "./os.ts";
import { problemsOf, showValue } from "./problems.ts";
import type { RawSettings } from "./raw.ts";
import { nodesSchema, osSchema, prefixSchema, settingsSchema, type Settings } from "./schema.ts";
import { GIB, MIB } from "./sizes.ts";
import type { ClusterPlan, DiscoveryPlan, FileImage, OsFamily } from "./types.ts";

export { ConfigError, type Problem } from "./errors.ts";
export type { RawSettings, ImageFinding } from "./raw.ts";
export type * from "./types.ts";

/** What holds where the config says nothing. Memory depends on the system (plan/os.ts), the prefix on the stack. */
export const DEFAULTS = {
  nodes: 3,
  vcpus: 1,
  /** Bytes; an image with a larger virtual size gets that. */
  diskSize: 8 * GIB,
  bridge: "br0",
  domainType: "kvm",
  os: "flatcar" satisfies OsFamily,
  /** etcd's public discovery service. */
  discoveryEndpoint: "https://discovery.etcd.io",
  /** Seconds: pulling an etcd container and booting take minutes; under emulation all takes many times as long. */
  readinessTimeout: { kvm: 600, qemu: 1800 },
  poolPath: "/var/lib/libvirt/coreos-cluster",
  arch: "x86_64",
  profiles: ["base", "metadata-local", "etcd"],
  /** Docker's port on the node's own loopback: who reaches it rules the machine. */
  dockerListen: "127.0.0.1:2375",
} as const;

/** The output of a schema where the value is right, else undefined (the problem is reported by the whole schema). */
const valid = <T>(result: { success: true; data: T } | { success: false }): T | undefined =>
  result.success ? result.data : undefined;

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => nodeName(prefix, index + 1));

/** Problems of names and MACs, which hang on prefix, stack and count together. */
function nameProblems(raw: RawSettings): Problem[] {
  const { stack, values } = raw;
  const given = values["prefix"];
  const proposal = (text: string) => `pulumi config set prefix ${proposePrefix(text)}`;
  const prefix = valid(prefixSchema.safeParse(given ?? defaultPrefix(stack)));
  if (prefix === undefined) {
    if (given !== undefined) return []; // the schema says it
    const expected = `a prefix, since the stack's name "${stack}" gives no valid host names`;
    return [{ key: "prefix", value: undefined, expected, remedy: proposal(defaultPrefix(stack)) }];
  }
  const count = valid(nodesSchema.safeParse(values["nodes"] ?? DEFAULTS.nodes)) ?? 0;
  return macCollisions(names(prefix, count)).map(({ mac, names: [one, other] }) => ({
    key: "prefix",
    value: showValue(raw, ["prefix"]),
    expected: `a prefix that gives each node a MAC address of its own; ${one} and ${other} would share ${mac}`,
    remedy: `pulumi config set prefix ${freePrefix(prefix, count)}`,
  }));
}

/** A prefix like this one, whose nodes' MACs don't collide. */
function freePrefix(prefix: string, count: number): string {
  const base = prefix.slice(0, 55);
  for (let number = 2; ; number++) {
    const candidate = proposePrefix(`${base}-${number}-`);
    if (macCollisions(names(candidate, count)).length === 0) return candidate;
  }
}

function imageProblems(raw: RawSettings): Problem[] {
  if (raw.image === undefined || "image" in raw.image) return [];
  const remedy = raw.image.remedy ?? "pulumi config set image <path of a qcow2 or raw image>";
  return [{ key: "image", value: showValue(raw, ["image"]), expected: raw.image.problem, remedy }];
}

/** Each problem once: two checks can fail for the same reason. */
const unique = (problems: readonly Problem[]): Problem[] => [
  ...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values(),
];

function discoveryPlan(settings: Settings["discovery"]): DiscoveryPlan {
  if (settings === undefined) return { mode: "service", endpoint: DEFAULTS.discoveryEndpoint };
  if (settings.mode !== "service") return settings;
  return { mode: "service", endpoint: settings.endpoint ?? DEFAULTS.discoveryEndpoint };
}

function warningsOf(settings: Settings, count: number): string[] {
  const warnings: string[] = [];
  if (count % 2 === 0) {
    const held = count / 2 - 1;
    warnings.push(
      `nodes is ${count}, an even number: such an etcd cluster survives the loss of ${held} of its members, ` +
        `no more than one of ${count - 1} would, and needs one vote more for each write.`,
    );
  }
  if (settings.sshAuthorizedKeys.length === 0) {
    warnings.push("sshAuthorizedKeys is empty: nobody will be able to log in to the nodes.");
  }
  return warnings;
}

function assemble(settings: Settings, image: FileImage, raw: RawSettings): ClusterPlan {
  const prefix = settings.prefix ?? defaultPrefix(raw.stack);
  const os = settings.os ?? DEFAULTS.os;
  const domainType = settings.domainType ?? DEFAULTS.domainType;
  const memory = settings.memory === undefined ? OS_TRAITS[os].memoryDefault : settings.memory / MIB;
  const diskSize = settings.diskSize ?? Math.max(DEFAULTS.diskSize, Math.ceil(image.virtualSize / MIB) * MIB);
  const vcpus = settings.vcpus ?? DEFAULTS.vcpus;
  const count = settings.nodes ?? DEFAULTS.nodes;
  return {
    prefix,
    os,
    arch: DEFAULTS.arch,
    image,
    pool: { name: prefix, path: posix.join(settings.poolPath ?? DEFAULTS.poolPath, prefix) },
    bridge: settings.bridge ?? DEFAULTS.bridge,
    domainType,
    autostart: false,
    nodes: names(prefix, count).map((name) => ({
      ...{ name, mac: macOf(name), memory, vcpus, diskSize },
      ...{ role: "member", profiles: DEFAULTS.profiles, snippets: [] },
    })),
    ntpServers: [],
    dockerListen: DEFAULTS.dockerListen,
    discovery: discoveryPlan(settings.discovery),
    bootstrapSize: count,
    sshAuthorizedKeys: settings.sshAuthorizedKeys,
    readinessTimeout: settings.readinessTimeout ?? DEFAULTS.readinessTimeout[domainType],
    warnings: warningsOf(settings, count),
    secretKeys: raw.secretKeys,
  };
}

/**
 * Checks the settings and fills in all defaults.
 * @throws ConfigError with every problem that there is.
 */
export function makePlan(raw: RawSettings): ClusterPlan {
  const image = raw.image !== undefined && "image" in raw.image ? raw.image.image : undefined;
  const schema = settingsSchema({
    os: valid(osSchema.safeParse(raw.values["os"] ?? DEFAULTS.os)),
    virtualSize: image?.virtualSize,
  });
  const result = schema.safeParse(raw.values);
  const problems = unique([
    ...(result.success ? [] : result.error.issues.flatMap((issue) => problemsOf(issue, raw))),
    ...nameProblems(raw),
    ...imageProblems(raw),
  ]);
  if (problems.length > 0) throw new ConfigError(raw, problems);
  if (!result.success || image === undefined) throw new Error("The image in the config was not inspected");
  return assemble(result.data, image, raw);
}
