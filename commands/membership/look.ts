/** A look at a cluster from outside: which of its members answer, where, and what they say. */
import type { Etcd } from "../readiness/etcd.ts";
import type { Machines } from "../readiness/machines.ts";
import type { Reach } from "../readiness/reach.ts";
import type { NodeSettings } from "../readiness/settings.ts";
import type { Look as RestoreLook } from "../restore/unfinished.ts";
import type { ListedMember, MembersApi, View } from "./api.ts";

export interface Seen {
  readonly name: string;
  readonly host: string;
  readonly view: View;
  /** It says that it is healthy, and follows a leader. */
  readonly healthy: boolean;
}

export interface LookSources {
  readonly api: MembersApi;
  readonly etcd: Etcd;
  readonly machines: Machines;
  readonly reach: Reach;
}

/** For who changes the list of members. */
export interface RestoreSources {
  /** What earlier restores have left on the members that can be logged in to: a login takes an emulated node seconds. */
  readonly restores: () => Promise<readonly RestoreLook[]>;
}

/** The host of a URL, if it is one. */
export const hostOf = (url: string): string[] => (URL.canParse(url) ? [new URL(url).hostname] : []);

/** Where the members' lists say that a member is: for clients, then for the others. */
const listedHosts = (name: string, seen: readonly Seen[]): string[] =>
  seen
    .flatMap(({ view }) => view.members)
    .filter((member) => member.name === name)
    .flatMap(({ clientUrls, peerUrls }) => [...clientUrls, ...peerUrls])
    .flatMap(hostOf);

/**
 * Asks each of the nodes wherever it may be: where it was, at its given address, where the guest agent or libvirt says, by its name, and
 * where the others say. A host that answers as somebody else's member is passed over.
 * @param known where nodes were found before, by name.
 */
export async function lookAround(
  nodes: readonly NodeSettings[],
  known: ReadonlyMap<string, string>,
  { api, etcd, machines, reach }: LookSources,
): Promise<readonly Seen[]> {
  async function at(node: NodeSettings, hosts: readonly (string | undefined)[]): Promise<Seen | undefined> {
    for (const host of new Set(hosts)) {
      if (host === undefined) continue;
      const place = { name: node.name, host };
      const view = await api.view(place);
      const name = view?.members.find(({ id }) => id === view.memberId)?.name;
      if (view === undefined || name !== node.name) continue;
      const complaint = await etcd.unhealthy(place);
      return { ...place, view, healthy: complaint === undefined && view.leader !== undefined };
    }
    return undefined;
  }
  const first = await Promise.all(
    nodes.map(
      async (node) =>
        (await at(node, [known.get(node.name), node.address])) ??
        (await at(node, [
          (await machines.locate(node.name, node.mac))?.address,
          await reach.resolve(node.name),
        ])),
    ),
  );
  const seen = first.filter((one) => one !== undefined);
  const missing = nodes.filter(({ name }) => !seen.some((one) => one.name === name));
  const more = await Promise.all(missing.map((node) => at(node, listedHosts(node.name, seen))));
  return [...seen, ...more.filter((one) => one !== undefined)];
}

/** Ids of the members of this cluster that are healthy. */
export const healthyIds = (seen: readonly Seen[], clusterId: string): ReadonlySet<string> =>
  new Set(
    seen
      .filter(({ healthy, view }) => healthy && view.clusterId === clusterId)
      .map(({ view }) => view.memberId),
  );

/** The view that the most advanced cluster's members have: of one that is healthy, else of any. */
export const bestOf = (seen: readonly Seen[]): Seen | undefined =>
  seen.find(({ healthy }) => healthy) ?? seen[0];

/** For messages: who is where, and how. */
export const seenWords = (nodes: readonly NodeSettings[], seen: readonly Seen[]): string =>
  nodes
    .map(({ name }) => {
      const found = seen.find((one) => one.name === name);
      return `${name} ${found === undefined ? "doesn't answer" : found.healthy ? "healthy" : "without a leader"}`;
    })
    .join(", ");

/** How a list's entry is called in messages: one that never started has no name. */
export const entryName = ({ name, id, peerUrls }: ListedMember): string =>
  name === "" ? `${id} (${peerUrls.join(", ")}, never started)` : name;
