/** What a cluster's members are called and run, and by which of the profile files a system gets what a profile promises. Pure. */
import { founders, joiners, membersOf } from "../plan/members.ts";
import { METADATA_FILE, OS_TRAITS } from "../plan/os.ts";
import type { ProfileName } from "../plan/profiles.ts";
import type { ClusterPlan, NodePlan } from "../plan/types.ts";

/**
 * Where each member is reached, by its name: those that begin a cluster at the addresses that the DHCP server keeps for them where
 * all of these have one, else by their names; one that joins at its own address where it has one. What the others have changes nothing for
 * a member: it keeps its place while others come and go.
 */
export function memberHosts(plan: Pick<ClusterPlan, "nodes" | "bootstrapSize">): ReadonlyMap<string, string> {
  const begin = founders(plan);
  const byAddress = begin.every(({ address }) => address !== undefined);
  return new Map([
    ...begin.map(({ name, address }) => [name, byAddress ? (address ?? name) : name] as const),
    ...joiners(plan).map(({ name, address }) => [name, address ?? name] as const),
  ]);
}

/** How URLs of members and of their clients begin. */
export const schemeOf = ({ tls }: Pick<ClusterPlan, "tls">): "http" | "https" =>
  tls === undefined ? "http" : "https";

/** The client URLs of the members that a cluster begins with: who joins later changes nothing for a machine that is there. */
export const memberUrls = (plan: Pick<ClusterPlan, "nodes" | "bootstrapSize" | "tls">): readonly string[] => {
  const hosts = memberHosts(plan);
  return founders(plan).map(({ name }) => `${schemeOf(plan)}://${hosts.get(name) ?? name}:2379`);
};

/** A member's peer URL as its cluster is to know it, where its config is told one. */
export const peerUrl = (plan: Pick<ClusterPlan, "nodes" | "bootstrapSize" | "tls">, name: string): string =>
  `${schemeOf(plan)}://${memberHosts(plan).get(name) ?? name}:2380`;

/** The etcd version that the members run; undefined where the system's own unit decides. */
export const etcdVersionOf = (plan: Pick<ClusterPlan, "os" | "etcdVersion">): string | undefined =>
  plan.etcdVersion ?? OS_TRAITS[plan.os].etcdVersion;

/** etcd 3.6 removed the v2 API, and its option with it. Systems whose unit decides run older ones. */
function servesV2(plan: ClusterPlan): boolean {
  const [major = 0, minor = 0] = (etcdVersionOf(plan) ?? "3.4").split(".").map(Number);
  return plan.discovery.mode !== "v3" && (major < 3 || (major === 3 && minor < 6));
}

/** How a member finds the others, as files of profiles call it. */
const discoveryFile = (plan: ClusterPlan, joining: boolean): string => {
  const { mode } = plan.discovery;
  if (joining) return "join";
  return mode === "static" || mode === "v3" ? mode : "discovery";
};

function etcdFiles(plan: ClusterPlan, joining: boolean): string[] {
  const quadlet = OS_TRAITS[plan.os].etcd === "quadlet";
  const etcd = quadlet ? "etcd-quadlet" : "etcd";
  return [
    etcd,
    `${etcd}-${discoveryFile(plan, joining)}`,
    ...(plan.tls === undefined ? [] : [`${etcd}-tls`]),
    ...(servesV2(plan) ? [`${etcd}-v2`] : []),
    ...(plan.domainType === "qemu" ? [`${etcd}-emulated`] : []),
    ...(!quadlet && etcdVersionOf(plan) !== undefined ? ["etcd-version"] : []),
    ...["trouble", "trouble-etcd"],
  ];
}

/**
/**
 * Whether etcd in a container must resolve names that the host learns by LLMNR: those of peers, and those in peers' certificates. Fedora
 * CoreOS and the lab use the stub anyway. Always where there are members: a machine that joins later is known to them by its name.
 */
const needsStub = (plan: ClusterPlan): boolean =>
  (plan.os === "container-linux" || plan.os === "flatcar") && membersOf(plan).length > 0;

const baseFiles = (plan: ClusterPlan): string[] => [
  "base",
  `network-${OS_TRAITS[plan.os].network}`,
  "names",
  ...(needsStub(plan) ? ["names-stub"] : []),
  "trouble",
];

const metadataFiles = (plan: ClusterPlan, profile: string): string[] => [
  profile,
  ...(OS_TRAITS[plan.os].metadataFile === METADATA_FILE ? [] : ["metadata-link"]),
];

const etcdctlFiles = (plan: ClusterPlan): string[] =>
  OS_TRAITS[plan.os].etcd === "quadlet" ? ["etcdctl-podman"] : [];

const FILES: Readonly<
  Partial<Record<ProfileName, (plan: ClusterPlan, joining: boolean) => readonly string[]>>
> = {
  base: baseFiles,
  "metadata-local": (plan) => metadataFiles(plan, "metadata-local"),
  "metadata-remote": (plan) => metadataFiles(plan, "metadata-remote"),
  etcd: (plan, joining) => [...etcdFiles(plan, joining), ...etcdctlFiles(plan)],
  // Without members there is nothing to point at.
  "etcd-client": (plan) =>
    membersOf(plan).length === 0
      ? []
      : ["etcd-client", ...(plan.tls === undefined ? [] : ["etcd-client-tls"]), ...etcdctlFiles(plan)],
  "etcd-debug": (plan) => [OS_TRAITS[plan.os].etcd === "quadlet" ? "etcd-quadlet-debug" : "etcd-debug"],
  "docker-remote": (plan) => [plan.tls === undefined ? "docker-remote" : "docker-remote-tls"],
  // Without servers of its own, the system keeps those that it has.
  ntp: (plan) => (plan.ntpServers.length === 0 ? [] : [`ntp-${OS_TRAITS[plan.os].time}`]),
};

const impliedFiles = (plan: ClusterPlan): string[] => {
  const { updates } = OS_TRAITS[plan.os];
  return updates === undefined ? [] : [`no-updates-${updates}`];
};

/**
 * The names of the files in ignition/profiles that make up a node, each once, in the order in which they are merged.
 * @param joining whether it is a member that joins a cluster which is there.
 */
export function profileFiles(plan: ClusterPlan, node: Pick<NodePlan, "profiles">, joining = false): string[] {
  const chosen = node.profiles.flatMap((name) => FILES[name]?.(plan, joining) ?? [name]);
  return [...new Set([...chosen, ...impliedFiles(plan)])];
}
