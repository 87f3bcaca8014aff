/** A cluster as it is right now: machines, leases, members, database, alarms; as a table and as a document. Pure. */
import type { Lease } from "../../lab/libvirt/index.ts";
import { type ClusterView, type NodeView, strayWords } from "../lab/clusterView.ts";
import { table } from "../ui/table.ts";
import { size } from "./words.ts";

/** What is known of a node besides its health. */
export interface Machine {
  /** libvirt's word for its state; "gone" where the host has no such machine. */
  readonly domain: string;
  /** The address that the lab's DHCP server has given it; undefined where nobody says. */
  readonly lease: string | undefined;
}

export type StatusNode = NodeView & Machine;

export interface ClusterStatus {
  readonly stack: string;
  readonly healthy: boolean;
  readonly nodes: readonly StatusNode[];
  readonly strays: ClusterView["strays"];
  readonly etcdEndpoints: ClusterView["etcdEndpoints"];
}

/**
 * Puts the cluster's view, libvirt's word and the leases together.
 * @param missing what is said of a machine that none of the hosts has that were asked.
 */
export function statusOf(
  stack: string,
  view: ClusterView,
  domains: ReadonlyMap<string, string>,
  leases: readonly Pick<Lease, "mac" | "address">[],
  missing = "gone",
): ClusterStatus {
  const nodes = view.nodes.map((node): StatusNode => {
    const mac = node.mac.toLowerCase();
    const lease = leases.find((one) => one.mac === mac)?.address;
    return { ...node, domain: domains.get(node.name) ?? missing, lease };
  });
  const { healthy, strays, etcdEndpoints } = view;
  return { stack, healthy, nodes, strays, etcdEndpoints };
}

/** Whether a member leads, as it says itself. */
const leads = ({ status }: NodeView): boolean => status?.leader !== undefined && status.leader === status.id;

const addressOf = ({ address, lease }: StatusNode): string =>
  lease === undefined || lease === address ? address : `${address} (leased: ${lease})`;

const databaseOf = ({ status }: NodeView): string => {
  if (status?.dbSize === undefined) return "-";
  const used = status.dbSizeInUse;
  return used === undefined || used === status.dbSize
    ? size(status.dbSize)
    : `${size(status.dbSize)} (${size(used)} used)`;
};

const columns: readonly (readonly [string, (node: StatusNode) => string])[] = [
  ["NODE", ({ name }) => name],
  ["ROLE", (node) => (node.role === "client" ? "client" : leads(node) ? "leader" : "member")],
  ["HOST", ({ host }) => host ?? "-"],
  ["DOMAIN", ({ domain }) => domain],
  ["ADDRESS", addressOf],
  ["ETCD MEMBER", ({ member }) => member || "-"],
  ["VERSION", ({ status }) => status?.version ?? "-"],
  ["DB", databaseOf],
  ["TERM", ({ status }) => String(status?.raftTerm ?? "-")],
  ["HEALTH", ({ health }) => health],
];

/** Lines below the table: what is wrong with the cluster as a whole. */
function remarks(status: ClusterStatus): string[] {
  const { nodes } = status;
  const members = nodes.filter(({ role }) => role === "member");
  const alarms = members.flatMap(({ name, status }) =>
    (status?.alarms ?? []).map((alarm) => `${alarm} on ${name}`),
  );
  const answering = members.flatMap(({ status }) => (status === undefined ? [] : [status]));
  const leaders = new Set(answering.flatMap(({ leader }) => leader ?? []));
  const off = nodes.filter(({ domain }) => domain === "shut off");
  return [
    ...(alarms.length > 0 ? [`Alarms: ${alarms.join(", ")}`] : []),
    ...(answering.length > 0 && leaders.size === 0
      ? ["No leader: fewer members than a majority reach each other"]
      : []),
    ...(leaders.size > 1 ? [`Members follow ${leaders.size} different leaders`] : []),
    ...strayWords(status),
    ...(nodes.length > 0 && off.length === nodes.length
      ? ["All machines are off. They are started by: npm run cluster -- resume"]
      : []),
  ];
}

/** For people. */
export function renderStatus(status: ClusterStatus): string {
  const spread = status.nodes.some(({ host }) => host !== undefined);
  const shown = columns.filter(([head]) => head !== "HOST" || spread);
  const rows = status.nodes.map((node) => shown.map(([, cell]) => cell(node)));
  return [
    table(
      shown.map(([head]) => head),
      rows,
    ),
    ...remarks(status),
  ].join("\n");
}

/** For programs. Sizes in bytes; null is what is not known. */
export const statusJson = ({ stack, healthy, nodes, strays }: ClusterStatus): object => ({
  stack,
  healthy,
  strays: strays.map(({ name, id, host }) => ({ name: name || null, member: id, host: host ?? null })),
  nodes: nodes.map((node) => ({
    ...{ name: node.name, role: node.role, domain: node.domain, mac: node.mac },
    ...(node.host === undefined ? {} : { host: node.host }),
    ...{ address: node.address, lease: node.lease ?? null, member: node.member || null },
    ...{ health: node.health, leader: leads(node), version: node.status?.version ?? null },
    ...{ dbSize: node.status?.dbSize ?? null, dbSizeInUse: node.status?.dbSizeInUse ?? null },
    ...{ raftTerm: node.status?.raftTerm ?? null, raftIndex: node.status?.raftIndex ?? null },
    alarms: node.status?.alarms ?? [],
  })),
});
