/** A cluster as it is right now: the program's outputs with the members' health beside, asked live. */
import type { EndpointHealth } from "../health.ts";
import { table } from "../ui/table.ts";
import { UserError } from "../ui/errors.ts";
import { runInLab, type LabSession } from "./session.ts";

/** The program's outputs, as far as the CLI reads them. */
interface Outputs {
  readonly nodes?: readonly { name: string; mac: string; addresses: readonly string[]; domainId: string }[];
  readonly etcdEndpoints?: readonly string[];
  readonly discoveryUrl?: string;
}

export interface NodeView {
  readonly name: string;
  readonly mac: string;
  readonly address: string;
  readonly domainId: string;
  /** The etcd member's id, hexadecimal; empty when it does not answer. */
  readonly member: string;
  /** "healthy", or what is wrong. */
  readonly health: string;
}

export interface ClusterView {
  readonly nodes: readonly NodeView[];
  readonly etcdEndpoints: readonly string[];
  readonly discoveryUrl: string;
  readonly healthy: boolean;
}

/**
 * A node by its name.
 * @throws UserError when the cluster has none of that name, or its address is unknown
 */
export function findNode(
  outputs: Outputs,
  name: string,
): { name: string; address: string; domainId: string } {
  const nodes = outputs.nodes ?? [];
  const node = nodes.find((candidate) => candidate.name === name);
  if (node === undefined) {
    const names = nodes.map((candidate) => candidate.name).join(", ");
    throw new UserError(
      names === ""
        ? "the stack has no nodes yet; bring the cluster up with: npm start"
        : `no node is named ${name}; there are: ${names}`,
    );
  }
  const [address] = node.addresses;
  if (address === undefined) throw new UserError(`the address of ${name} is not known; run: npm start`);
  return { name, address, domainId: node.domainId };
}

/** Asks every member of the cluster for its health, from inside the lab. */
export async function clusterView(session: LabSession, outputs: Outputs): Promise<ClusterView> {
  const { stdout } = await runInLab(
    session,
    ["node", "commands/health.ts", ...(outputs.etcdEndpoints ?? [])],
    {
      timeout: 60,
    },
  );
  return viewOf(outputs, JSON.parse(stdout) as readonly EndpointHealth[]);
}

/** The outputs and the members' answers, put together by address and name. */
export function viewOf(outputs: Outputs, answers: readonly EndpointHealth[]): ClusterView {
  const members = answers.find((answer) => answer.health === "healthy")?.members ?? [];
  const nodes = (outputs.nodes ?? []).map(({ name, mac, domainId, addresses }): NodeView => {
    const address = addresses[0] ?? "";
    const answer = answers.find(({ endpoint }) => new URL(endpoint).hostname === address);
    const member = members.find((candidate) => candidate.name === name)?.id ?? "";
    const health =
      answer?.health === "healthy" && member === "" ? "not a member" : (answer?.health ?? "unknown");
    return { name, mac, address, domainId, member, health };
  });
  return {
    nodes,
    etcdEndpoints: outputs.etcdEndpoints ?? [],
    discoveryUrl: outputs.discoveryUrl ?? "",
    healthy: nodes.length > 0 && nodes.every((node) => node.health === "healthy"),
  };
}

/** The nodes as a table for people. */
export const renderNodes = (nodes: readonly NodeView[]): string =>
  table(
    ["NODE", "MAC", "ADDRESS", "ETCD MEMBER", "HEALTH"],
    nodes.map((node) => [node.name, node.mac, node.address, node.member, node.health]),
  );
