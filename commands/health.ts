/**
 * Asks etcd members for their health, once; run inside the lab by `npm start` and `status`.
 * Arguments: client URLs. Prints one line of JSON: a list of EndpointHealth in the arguments' order.
 */
import { readEtcd } from "./readiness/etcd.ts";

export interface EndpointHealth {
  readonly endpoint: string;
  /** "healthy", or what is wrong. */
  readonly health: string;
  /** The members that this one knows, ids in hexadecimal. */
  readonly members: readonly { readonly name: string; readonly id: string }[];
}

async function ask(endpoint: string): Promise<EndpointHealth> {
  const { hostname, port } = new URL(endpoint);
  const etcd = readEtcd(Number(port));
  const [trouble, members] = await Promise.all([etcd.unhealthy(hostname), etcd.members(hostname)]);
  return { endpoint, health: trouble ?? "healthy", members: members ?? [] };
}

process.stdout.write(`${JSON.stringify(await Promise.all(process.argv.slice(2).map(ask)))}\n`);
