/** A cluster as it is right now: the program's outputs with each machine's health beside, asked live. */
import { suggest } from "../../plan/suggest.ts";
import type { Role } from "../../plan/types.ts";
import type { EndpointHealth } from "../health.ts";
import type { Credentials } from "../http.ts";
import { majority } from "../../plan/members.ts";
import type { Member } from "../readiness/etcd.ts";
import type { MemberStatus } from "../readiness/maintenance.ts";
import { table } from "../ui/table.ts";
import { UserError } from "../ui/errors.ts";
import { labCredentials } from "./credentials.ts";
import { runInLab, type LabSession } from "./session.ts";

interface OutputNode {
  readonly name: string;
  readonly mac: string;
  readonly addresses: readonly string[];
  readonly domainId: string;
  /** Missing in the outputs of versions that knew members only. */
  readonly role?: Role;
  /** Name of the libvirt host that it is on, where there are several. */
  readonly host?: string;
  /** How ssh gets there, where that is through its libvirt host. */
  readonly proxyCommand?: string;
}

/** The program's outputs, as far as the CLI reads them. */
interface Outputs {
  readonly nodes?: readonly OutputNode[];
  readonly etcdEndpoints?: readonly string[];
  readonly discoveryUrl?: string;
}

export interface NodeView {
  readonly name: string;
  readonly mac: string;
  readonly address: string;
  readonly domainId: string;
  readonly role: Role;
  /** Name of the libvirt host that it is on, where there are several. */
  readonly host?: string;
  /** The etcd member's id, hexadecimal; empty when it does not answer, and for a client. */
  readonly member: string;
  /** "healthy", or what is wrong. A client is healthy when its ssh server answers. */
  readonly health: string;
  /** What a member says of itself; missing where it doesn't answer, and for a client. */
  readonly status?: MemberStatus;
}

export interface ClusterView {
  readonly nodes: readonly NodeView[];
  readonly etcdEndpoints: readonly string[];
  readonly discoveryUrl: string;
  readonly healthy: boolean;
  /** Entries of the members' list that are none of the nodes'. */
  readonly strays: readonly Member[];
}

/** A node by its name. @throws UserError when the cluster has none of that name, with those that it has */
export function requireNode({ nodes = [] }: Outputs, name: string): OutputNode {
  const node = nodes.find((candidate) => candidate.name === name);
  if (node !== undefined) return node;
  const names = nodes.map((candidate) => candidate.name);
  const like = suggest(name, names);
  throw new UserError(
    names.length === 0
      ? "the stack has no nodes yet; bring the cluster up with: npm start"
      : `no node is named ${name}${like === undefined ? "" : ` (did you mean ${like}?)`}; there are: ${names.join(", ")}`,
  );
}

/**
 * Where a node is reached.
 * @throws UserError when the cluster has none of that name, or its address is unknown
 */
export function findNode(
  outputs: Outputs,
  name: string,
): { name: string; address: string; domainId: string; proxyCommand?: string } {
  const node = requireNode(outputs, name);
  const [address] = node.addresses;
  if (address === undefined) throw new UserError(`the address of ${name} is not known; run: npm start`);
  const { domainId, proxyCommand } = node;
  return { ...{ name, address, domainId }, ...(proxyCommand === undefined ? {} : { proxyCommand }) };
}

/** Where a client's health is asked; undefined while its address is not known. */
const sshEndpoint = (address: string): string | undefined =>
  address === "" ? undefined : `ssh://${address}:22`;

/** Whether members want to see certificates. */
export const speaksTls = ({ etcdEndpoints = [] }: Pick<Outputs, "etcdEndpoints">): boolean =>
  etcdEndpoints.some((endpoint) => endpoint.startsWith("https:"));

/**
 * Client URLs of the members. With TLS they are asked at their addresses, since names may resolve on the nodes alone, and known by
 * their names, which stand behind `#`.
 */
export const memberEndpoints = (outputs: Outputs): readonly string[] =>
  speaksTls(outputs)
    ? (outputs.nodes ?? []).flatMap(({ name, role, addresses }) =>
        role === "client" ? [] : [`https://${addresses[0] ?? name}:2379#${name}`],
      )
    : (outputs.etcdEndpoints ?? []);

/** Where the cluster's machines are asked: what commands/health.ts wants. */
export const endpointsOf = (outputs: Outputs): string[] => [
  ...memberEndpoints(outputs),
  ...(outputs.nodes ?? []).flatMap(({ role, addresses }) =>
    role === "client" ? (sshEndpoint(addresses[0] ?? "") ?? []) : [],
  ),
];

/**
 * Asks every machine of the cluster for its health, from inside the lab.
 * @param credentials reads what members with TLS want to see.
 */
export async function clusterView(
  session: LabSession,
  outputs: Outputs,
  credentials: () => Promise<Credentials> = () => labCredentials(session),
): Promise<ClusterView> {
  const { stdout } = await runInLab(session, ["node", "commands/health.ts", ...endpointsOf(outputs)], {
    timeout: 60,
    ...(speaksTls(outputs) ? { input: JSON.stringify(await credentials()) } : {}),
  });
  return viewOf(outputs, JSON.parse(stdout) as readonly EndpointHealth[]);
}

/** The outputs and the machines' answers, put together by address and name. */
export function viewOf(outputs: Outputs, answers: readonly EndpointHealth[]): ClusterView {
  const members = answers.find((answer) => answer.health === "healthy" && answer.members.length > 0)?.members;
  const nodes = (outputs.nodes ?? []).map(({ role = "member", addresses, ...node }): NodeView => {
    const address = addresses[0] ?? "";
    const answer = answers.find(({ endpoint }) =>
      role === "client" ? endpoint === sshEndpoint(address) : isAt(endpoint, address),
    );
    const member =
      role === "client" ? "" : (members?.find((candidate) => candidate.name === node.name)?.id ?? "");
    const stranger = role === "member" && answer?.health === "healthy" && member === "";
    const health = stranger ? "not a member" : (answer?.health ?? "unknown");
    const status = answer?.status === undefined ? {} : { status: answer.status };
    return { ...node, address, role, member, health, ...status };
  });
  return {
    nodes,
    etcdEndpoints: outputs.etcdEndpoints ?? [],
    discoveryUrl: outputs.discoveryUrl ?? "",
    healthy: nodes.length > 0 && nodes.every((node) => node.health === "healthy"),
    strays: (members ?? []).filter(({ name }) => !nodes.some((node) => node.name === name)),
  };
}

/**
 * Members that are not on the list of the cluster that a majority of all is; none where there is no such majority, or where somebody on the list
 * never started: that may be one of them.
 */
export function outsideIn({ nodes, strays }: Pick<ClusterView, "nodes" | "strays">): string[] {
  if (strays.some(({ name }) => name === "")) return [];
  const members = nodes.filter(({ role }) => role === "member");
  const well = members.filter(({ health, member }) => health === "healthy" && member !== "");
  if (well.length < majority(members.length)) return [];
  return members.filter(({ member }) => member === "").map(({ name }) => name);
}

/** Whether an endpoint is the client URL of the member at this address. */
function isAt(endpoint: string, address: string): boolean {
  const { protocol, hostname } = new URL(endpoint);
  return protocol !== "ssh:" && hostname === address;
}

/** What is said of entries that are none of the nodes': a growth that was ended in the middle leaves one, when it is not run again. */
export const strayWords = ({
  strays,
  etcdEndpoints,
}: Pick<ClusterView, "strays" | "etcdEndpoints">): string[] =>
  strays.map(({ name, id, host }) => {
    const known = name === "" ? `never started${host === undefined ? "" : `, at ${host}`}` : name;
    return (
      `On the members' list, but none of these nodes: ${id} (${known}). It counts where a majority is counted. ` +
      `Where nothing is under way that brings it: etcdctl --endpoints ${etcdEndpoints.join(",")} member remove ${id}`
    );
  });

/** The nodes as a table for people; their roles where not all are members. */
export function renderNodes(nodes: readonly NodeView[]): string {
  const roles = nodes.some(({ role }) => role === "client");
  return table(
    ["NODE", ...(roles ? ["ROLE"] : []), "MAC", "ADDRESS", "ETCD MEMBER", "HEALTH"],
    nodes.map(({ name, role, mac, address, member, health }) => [
      ...[name, ...(roles ? [role] : []), mac, address],
      ...[role === "client" ? "-" : member, health],
    ]),
  );
}
