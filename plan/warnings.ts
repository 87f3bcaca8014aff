/** What is allowed but likely not what the user wants: one sentence each, shown on every run. */
import { isLoopback, parseSocket } from "./addresses.ts";
import { uses } from "./checks/profiles.ts";
import { memberCount, type Draft } from "./draft.ts";
import { canSpread, sharesOf } from "./placement.ts";
import { isSecret } from "./problems.ts";
import type { ProfileName } from "./profiles.ts";
import type { RawSettings } from "./raw.ts";
import { pathText, valueAt, type Path } from "./remedies.ts";
import { isMap } from "./schema/parts.ts";
import { formatSize, GIB, MIB } from "./sizes.ts";
import type { HostPlan, NodePlan } from "./types.ts";

function evenMembers(draft: Draft): string[] {
  const members = memberCount(draft) ?? 0;
  if (members === 0 || members % 2 === 1) return [];
  const held = members / 2 - 1;
  return [
    `The cluster has ${members} members, an even number: such an etcd cluster survives the loss of ${held} of its members, ` +
      `no more than one of ${members - 1} would, and needs one vote more for each write.`,
  ];
}

/** Keys that one profile alone reads. */
const READ_BY = {
  ntpServers: "ntp",
  dockerListen: "docker-remote",
  metadataUrl: "metadata-remote",
} as const satisfies Readonly<Record<string, ProfileName>>;

function unused(draft: Draft): string[] {
  return Object.entries(READ_BY)
    .filter(([key]) => draft.given[key as keyof typeof READ_BY] !== undefined)
    .filter(([, profile]) => !uses(draft, profile))
    .map(([key, profile]) =>
      draft.given.ignition === undefined
        ? `${key} is set, but no node has the profile ${profile}, which reads it: it has no effect.`
        : `${key} is set, but only the profile ${profile} reads it, and ignition stands in place of all profiles: it has no effect.`,
    );
}

function unusedTls({ given }: Draft): string[] {
  if (given.tls !== true)
    return given.tlsRotation === undefined ? [] : ["tlsRotation is set, but tls is not: it has no effect."];
  return given.ignition === undefined
    ? []
    : [
        "tls is set, and ignition stands in place of all profiles: the file itself must let etcd serve TLS, with {{tlsAuthority}}, " +
          "{{tlsCertificate}} and {{tlsKey}} (docs/tls.md), or no member will be found healthy.",
      ];
}

function exposedDocker(draft: Draft, raw: RawSettings): string[] {
  const listen = draft.given.dockerListen;
  if (draft.given.tls === true || listen === undefined || !uses(draft, "docker-remote")) return [];
  if (isLoopback(parseSocket(listen)?.address ?? "")) return [];
  const shown = isSecret(raw, ["dockerListen"]) ? "no loopback address" : listen;
  return [
    `dockerListen is ${shown}: Docker's API asks for no password there, so whoever reaches that port rules the machine as root.`,
  ];
}

/** Bytes from which a plain number is more likely a size in a smaller unit than one of a throw-away machine. */
const UNLIKELY = { memory: { unit: MIB, least: 512 * GIB }, diskSize: { unit: GIB, least: 2048 * GIB } };

function unlikelySizes(raw: RawSettings): string[] {
  const { nodes } = raw.values;
  const places: Path[] = [[], ...(isMap(nodes) ? Object.keys(nodes).map((name) => ["nodes", name]) : [])];
  return places.flatMap((place) =>
    Object.entries(UNLIKELY).flatMap(([key, { unit, least }]) => {
      const path = [...place, key];
      const value = valueAt(raw.values, path);
      const number = typeof value === "string" || typeof value === "number" ? Number(value) : NaN;
      if (!(number * unit >= least) || isSecret(raw, path)) return [];
      const counted = `a plain number counts in ${unit === MIB ? "MiB" : "GiB"}, so this is ${formatSize(number * unit)}`;
      return [`${pathText(path)} is ${number}: ${counted}. Write it with its unit if that is meant.`];
    }),
  );
}

/** Hosts whose loss takes the quorum along, although there are enough hosts that none would have to. */
export function quorumWarnings(hosts: readonly HostPlan[], nodes: readonly NodePlan[]): string[] {
  const shares = sharesOf(hosts, nodes);
  const members = shares.reduce((sum, share) => sum + share.members, 0);
  if (!canSpread(hosts.length, members)) return [];
  return shares
    .filter(({ holdsQuorum }) => holdsQuorum)
    .map(
      (share) =>
        `The host ${share.host} has ${share.members} of the ${members} members: without it, etcd has no quorum. ` +
        `Spread evenly over the ${hosts.length} hosts (weight, and host of nodes), the cluster survives the loss of any one of them.`,
    );
}

/** The warnings of settings that are right. */
export function warningsOf(draft: Draft, raw: RawSettings): string[] {
  const image = raw.image !== undefined && "image" in raw.image ? raw.image.warnings : undefined;
  return [
    ...evenMembers(draft),
    ...(draft.given.sshAuthorizedKeys?.length === 0
      ? ["sshAuthorizedKeys is empty: nobody will be able to log in to the nodes."]
      : []),
    ...unlikelySizes(raw),
    ...exposedDocker(draft, raw),
    ...unused(draft),
    ...unusedTls(draft),
    ...(image ?? []),
  ];
}
