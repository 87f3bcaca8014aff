/** A cluster as it is right now: the program's outputs with the members' health beside, asked live. */
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

/** One line of `commands/health.ts`. */
interface EndpointHealth {
  readonly endpoint: string;
  readonly member: string;
  readonly health: string;
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
  const etcdEndpoints = outputs.etcdEndpoints ?? [];
  const { stdout } = await runInLab(session, ["node", "commands/health.ts", ...etcdEndpoints], {
    timeout: 60,
  });
  const answers = JSON.parse(stdout) as readonly EndpointHealth[];
  const nodes = (outputs.nodes ?? []).map((node): NodeView => {
    const address = node.addresses[0] ?? "";
    const answer = answers.find(({ endpoint }) => new URL(endpoint).hostname === address);
    const { name, mac, domainId } = node;
    return {
      name,
      mac,
      address,
      domainId,
      member: answer?.member ?? "",
      health: answer?.health ?? "not asked",
    };
  });
  return {
    nodes,
    etcdEndpoints,
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
