/**
 * Machines that a stack's outputs don't tell of: Pulumi writes outputs at the end of an `up` that went well, and it is after one that
 * failed that somebody wants to look at them.
 */
import { readNodes } from "../../host/clusters.ts";
import { proxyTo } from "../../host/remote.ts";
import { lines, type Virsh, VirshError } from "../../host/virsh.ts";
import { addressOf } from "../readiness/machines.ts";
import { speaksTls } from "../lab/clusterView.ts";
import type { StackHost } from "./spread.ts";
import type { Outputs } from "./stackState.ts";

type OutputNode = NonNullable<Outputs["nodes"]>[number];

/** The MAC of a machine's first card; undefined where it has none, or is gone. */
async function macOf(virsh: Virsh, uuid: string): Promise<string | undefined> {
  const answer = await virsh("domiflist", uuid).catch(() => ""); // gone meanwhile
  return lines(answer).flatMap((line) => /\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/i.exec(line)?.[0] ?? [])[0];
}

async function addressAt(virsh: Virsh, uuid: string, mac: string): Promise<string | undefined> {
  for (const source of ["agent", "lease", "arp"]) {
    const answer = await virsh("domifaddr", uuid, "--source", source).catch(() => ""); // off, or no agent
    const found = addressOf(answer, mac);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Found extends Pick<OutputNode, "name" | "domainId" | "host" | "proxyCommand"> {
  readonly virsh: Virsh;
}

/** The owners' machines on a host; none where it is one of several and does not answer. */
async function machinesOn(
  { name, access }: StackHost,
  owners: readonly string[],
  single: boolean,
): Promise<Found[]> {
  const marked = await readNodes(access.virsh).catch((error: unknown) => {
    if (single || !(error instanceof VirshError)) throw error;
    return undefined;
  });
  const there = (marked ?? []).filter(({ mark }) => owners.includes(mark.owner));
  return there.map(({ node }) => ({
    ...{ name: node.name, domainId: node.uuid, virsh: access.virsh },
    ...(name === undefined ? {} : { host: name }),
    ...proxyTo(access.uri), // nobody has tried yet whether it is reached directly, too
  }));
}

/** What is known of a stack's machines besides its outputs. */
interface Known {
  /** Those of the state that are on hosts with names: they are there for it also where their host is silent. */
  readonly machines: readonly Omit<OutputNode, "addresses">[];
  /** What the host's DHCP server has given, where that can be asked. */
  readonly leases: readonly { readonly mac: string; readonly address: string }[];
  /** Whether the state is that of a cluster with TLS: its members are known by their names, which their certificates speak of. */
  readonly tls?: boolean | undefined;
}

/**
 * The outputs, with the stack's machines that they don't tell of, or tell of as they were before: these count as members.
 * @param hosts all that may have some; of several, one that does not answer is passed over.
 * @param known what else is known of them.
 */
export async function withUnreported(
  outputs: Outputs,
  owners: readonly string[],
  hosts: readonly StackHost[],
  { machines, leases, tls = false }: Known,
): Promise<Outputs> {
  const told = new Map((outputs.nodes ?? []).map((node) => [node.name, node]));
  const there = await Promise.all(hosts.map((host) => machinesOn(host, owners, hosts.length === 1)));
  // Two URIs may lead to one host: the one that has a name comes first.
  const found = new Map(
    there
      .flat()
      .toReversed()
      .map((machine) => [machine.domainId, machine]),
  );
  const unreported = [...found.values()].filter(
    ({ name, domainId }) => told.get(name)?.domainId !== domainId,
  );
  const unseen = machines.filter(
    ({ name }) => !told.has(name) && !unreported.some((one) => one.name === name),
  );
  if (unreported.length === 0 && unseen.length === 0) return outputs;
  const endpoints = [...(outputs.etcdEndpoints ?? [])];
  for (const { virsh, name, domainId, ...where } of unreported) {
    const mac = (await macOf(virsh, domainId))?.toLowerCase() ?? "";
    const leased = leases.find((lease) => lease.mac === mac)?.address;
    const address = leased ?? (await addressAt(virsh, domainId, mac));
    const role = told.get(name)?.role ?? "member";
    const wasTold = told.has(name);
    told.set(name, {
      ...{ name, mac, role, domainId, ...where },
      addresses: address === undefined ? [] : [address],
    });
    const endpoint = tls ? `https://${name}:2379` : `http://${address ?? ""}:2379`;
    const listed = endpoints.includes(endpoint) || (tls && wasTold && speaksTls(outputs));
    if (address !== undefined && role === "member" && !listed) endpoints.push(endpoint);
  }
  for (const machine of unseen) told.set(machine.name, { ...machine, addresses: [] });
  const nodes = [...told.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { ...outputs, nodes, etcdEndpoints: endpoints };
}
