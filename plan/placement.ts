/**
 * Which libvirt host each machine goes to, where a cluster has several. Pure, and the same on every run: it hangs on names
 * and weights alone, never on what is on the hosts (docs/adr/0017-several-hosts.md).
 */
import { founders, joiners, type Joining, majority } from "./members.ts";

/** A host as far as placement minds it. */
export interface Weighted {
  readonly name: string;
  /** How many machines it gets for each that a host of weight 1 gets. */
  readonly weight: number;
}

/** A machine, and the host that the config puts it on, if it does. */
export interface Placeable {
  readonly host?: string | undefined;
}

/**
 * Smooth weighted round robin: each machine goes to the host that lies furthest behind its share, of two alike to the one
 * whose name comes first. No host ever has more than its share, rounded up; and what is placed stays where it is when machines
 * follow, or when one is pinned to the host that it has.
 * @param hosts in any order; at least one.
 * @param machines in the order in which they are placed.
 * @returns the hosts' names, in the machines' order.
 */
export function placements(hosts: readonly Weighted[], machines: readonly Placeable[]): string[] {
  const ordered = hosts.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const total = ordered.reduce((sum, { weight }) => sum + weight, 0);
  const loads = new Map(ordered.map(({ name }) => [name, 0]));
  const load = (name: string): number => loads.get(name) ?? 0;
  return machines.map(({ host }, placed) => {
    const behind = ({ name, weight }: Weighted): number => (placed + 1) * weight - total * load(name);
    const next = ordered.reduce((best, one) => (behind(one) > behind(best) ? one : best));
    const chosen = host ?? next.name;
    loads.set(chosen, load(chosen) + 1);
    return chosen;
  });
}

/**
 * Where the machines of a plan go: members by themselves, so that machines without etcd come and go and no member moves; and those that
 * begin the cluster before those that join it.
 * @param pinned the host that the config puts a machine on.
 * @returns hosts' names by machines' names.
 */
export function placesOf(
  plan: { readonly nodes: readonly Joining[]; readonly bootstrapSize: number },
  pinned: (name: string) => string | undefined,
  hosts: readonly Weighted[],
): ReadonlyMap<string, string> {
  const clients = plan.nodes.filter(({ role }) => role === "client");
  return new Map(
    [[...founders(plan), ...joiners(plan)], clients].flatMap((own) => {
      const found = placements(
        hosts,
        own.map(({ name }) => ({ host: pinned(name) })),
      );
      return own.map(({ name }, index) => [name, found[index] ?? ""] as const);
    }),
  );
}

/** What a host holds of a cluster. */
export interface Share {
  readonly host: string;
  /** Names of its machines. */
  readonly nodes: readonly string[];
  /** How many of them are etcd members. */
  readonly members: number;
  /** Whether the members on the other hosts are no majority: without this host, nothing can be written. */
  readonly holdsQuorum: boolean;
}

/** Who holds what, in the order of the hosts. */
export function sharesOf(
  hosts: readonly { readonly name: string }[],
  nodes: readonly { readonly name: string; readonly role: string; readonly host?: string | undefined }[],
): Share[] {
  const members = nodes.filter(({ role }) => role === "member");
  return hosts.map(({ name }) => {
    const own = members.filter(({ host }) => host === name).length;
    return {
      host: name,
      nodes: nodes.filter(({ host }) => host === name).map((node) => node.name),
      members: own,
      holdsQuorum: own > 0 && members.length - own < majority(members.length),
    };
  });
}

/** Whether members could be on hosts so that the loss of none costs the quorum. */
export const canSpread = (hosts: number, members: number): boolean =>
  hosts > 0 && Math.ceil(members / hosts) <= members - majority(members);
