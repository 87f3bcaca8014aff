/** What a cluster's members are called and run, and by which of the profile files a system gets what a profile promises. Pure. */
import { METADATA_FILE, OS_TRAITS } from "../plan/os.ts";
import type { ProfileName } from "../plan/profiles.ts";
import type { ClusterPlan, NodePlan } from "../plan/types.ts";

/** The etcd members, in the order of their names: what depends on them must not depend on how the config orders them. */
export const membersOf = (plan: Pick<ClusterPlan, "nodes">): readonly NodePlan[] =>
  plan.nodes
    .filter(({ role }) => role === "member")
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));

/**
 * Where each member is reached, by its name: at the address that the DHCP server keeps for it where all members have one, else by
 * its name. Machines that are no members have no part in it.
 */
export function memberHosts(plan: Pick<ClusterPlan, "nodes">): ReadonlyMap<string, string> {
  const members = membersOf(plan);
  const byAddress = members.every(({ address }) => address !== undefined);
  return new Map(members.map(({ name, address }) => [name, byAddress ? (address ?? name) : name]));
}

/** How URLs of members and of their clients begin. */
export const schemeOf = ({ tls }: Pick<ClusterPlan, "tls">): "http" | "https" =>
  tls === undefined ? "http" : "https";

/** The client URL of each member, in the order of their names. */
export const memberUrls = (plan: Pick<ClusterPlan, "nodes" | "tls">): readonly string[] =>
  [...memberHosts(plan).values()].map((host) => `${schemeOf(plan)}://${host}:2379`);

/** The etcd version that the members run; undefined where the system's own unit decides. */
export const etcdVersionOf = (plan: Pick<ClusterPlan, "os" | "etcdVersion">): string | undefined =>
  plan.etcdVersion ?? OS_TRAITS[plan.os].etcdVersion;

/** etcd 3.6 removed the v2 API, and its option with it. Systems whose unit decides run older ones. */
function servesV2(plan: ClusterPlan): boolean {
  const [major = 0, minor = 0] = (etcdVersionOf(plan) ?? "3.4").split(".").map(Number);
  return plan.discovery.mode !== "v3" && (major < 3 || (major === 3 && minor < 6));
}

/** How the members find each other, as files of profiles call it. */
const discoveryFile = (plan: ClusterPlan): string => {
  const { mode } = plan.discovery;
  return mode === "static" || mode === "v3" ? mode : "discovery";
};

function etcdFiles(plan: ClusterPlan): string[] {
  const quadlet = OS_TRAITS[plan.os].etcd === "quadlet";
  const etcd = quadlet ? "etcd-quadlet" : "etcd";
  return [
    etcd,
    `${etcd}-${discoveryFile(plan)}`,
    ...(plan.tls === undefined ? [] : [`${etcd}-tls`]),
    ...(servesV2(plan) ? [`${etcd}-v2`] : []),
    ...(plan.domainType === "qemu" ? [`${etcd}-emulated`] : []),
    ...(!quadlet && etcdVersionOf(plan) !== undefined ? ["etcd-version"] : []),
  ];
}

/**
 * Whether etcd in a container must resolve names that the host learns by LLMNR: those of peers, where they are known by them, and
 * those in peers' certificates. Fedora CoreOS and the lab use the stub anyway.
 */
const needsStub = (plan: ClusterPlan): boolean =>
  (plan.discovery.mode === "static" || plan.tls !== undefined) &&
  (plan.os === "container-linux" || plan.os === "flatcar") &&
  membersOf(plan).some(({ address }) => address === undefined);

const baseFiles = (plan: ClusterPlan): string[] => [
  "base",
  `network-${OS_TRAITS[plan.os].network}`,
  "names",
  ...(needsStub(plan) ? ["names-stub"] : []),
];

const metadataFiles = (plan: ClusterPlan, profile: string): string[] => [
  profile,
  ...(OS_TRAITS[plan.os].metadataFile === METADATA_FILE ? [] : ["metadata-link"]),
];

const etcdctlFiles = (plan: ClusterPlan): string[] =>
  OS_TRAITS[plan.os].etcd === "quadlet" ? ["etcdctl-podman"] : [];

const FILES: Readonly<Partial<Record<ProfileName, (plan: ClusterPlan) => readonly string[]>>> = {
  base: baseFiles,
  "metadata-local": (plan) => metadataFiles(plan, "metadata-local"),
  "metadata-remote": (plan) => metadataFiles(plan, "metadata-remote"),
  etcd: (plan) => [...etcdFiles(plan), ...etcdctlFiles(plan)],
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

/** The names of the files in ignition/profiles that make up a node, each once, in the order in which they are merged. */
export function profileFiles(plan: ClusterPlan, node: Pick<NodePlan, "profiles">): string[] {
  const chosen = node.profiles.flatMap((name) => FILES[name]?.(plan) ?? [name]);
  return [...new Set([...chosen, ...impliedFiles(plan)])];
}
