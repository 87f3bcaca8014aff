/**
 * Machines that a stack's outputs don't tell of: Pulumi writes outputs at the end of an `up` that went well, and it is after one that
 * failed that somebody wants to look at them.
 */
import { readNodes } from "../../host/clusters.ts";
import { lines, type Virsh } from "../../host/virsh.ts";
import { addressOf } from "../readiness/machines.ts";
import { speaksTls } from "../lab/clusterView.ts";
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

/**
 * The outputs, with the stack's machines that they don't tell of, or tell of as they were before: these count as members.
 * @param leases what the host's DHCP server has given, where that can be asked.
 * @param tls whether the state is that of a cluster with TLS: its members are known by their names, which their certificates speak of.
 */
export async function withUnreported(
  outputs: Outputs,
  owners: readonly string[],
  virsh: Virsh,
  leases: readonly { readonly mac: string; readonly address: string }[],
  tls = false,
): Promise<Outputs> {
  const told = new Map((outputs.nodes ?? []).map((node) => [node.name, node]));
  const there = (await readNodes(virsh)).filter(({ mark }) => owners.includes(mark.owner));
  const unreported = there.filter(({ node }) => told.get(node.name)?.domainId !== node.uuid);
  if (unreported.length === 0) return outputs;
  const endpoints = [...(outputs.etcdEndpoints ?? [])];
  for (const { node } of unreported) {
    const mac = (await macOf(virsh, node.uuid))?.toLowerCase() ?? "";
    const leased = leases.find((lease) => lease.mac === mac)?.address;
    const address = leased ?? (await addressAt(virsh, node.uuid, mac));
    const role = told.get(node.name)?.role ?? "member";
    const wasTold = told.has(node.name);
    const found: OutputNode = {
      ...{ name: node.name, mac, role, domainId: node.uuid },
      addresses: address === undefined ? [] : [address],
    };
    told.set(node.name, found);
    const endpoint = tls ? `https://${node.name}:2379` : `http://${address ?? ""}:2379`;
    const known = endpoints.includes(endpoint) || (tls && wasTold && speaksTls(outputs));
    if (address !== undefined && role === "member" && !known) endpoints.push(endpoint);
  }
  const nodes = [...told.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { ...outputs, nodes, etcdEndpoints: endpoints };
}
