/** Healthy members may still be several clusters: whether they are one. */
import type { Etcd, Member } from "./etcd.ts";
import type { NodeProgress } from "./progress.ts";
import type { ClusterReport } from "./report.ts";

export type ClusterFinding = { readonly report: ClusterReport } | { readonly trouble: string };

/** The report on machines of which none is a member. */
export const withoutMembers: ClusterReport = { nodes: [], endpoints: [], leader: "" };

const namesOf = (members: readonly Member[]): string =>
  members
    .map(({ name }) => name)
    .toSorted()
    .join(", ");

/**
 * All members' lists name exactly the nodes, all follow one leader, and what is written through one is read through another.
 * @param nodes the members, each with the host where it was found.
 * @param leaving names of members that are to leave after this: they may still be on the lists.
 */
export async function checkCluster(
  nodes: readonly NodeProgress[],
  etcd: Etcd,
  probeKey: string,
  leaving: ReadonlySet<string> = new Set(),
): Promise<ClusterFinding> {
  const reached = nodes.flatMap(({ name, host }) => (host === undefined ? [] : [{ name, host }]));
  const wanted = nodes
    .map(({ name }) => name)
    .toSorted()
    .join(", ");

  const lists = await Promise.all(
    reached.map(async (node) => ({ ...node, members: await etcd.members(node) })),
  );
  for (const { name, members } of lists) {
    if (members === undefined) return { trouble: `${name} gives no list of members` };
    if (namesOf(members.filter((member) => !leaving.has(member.name))) !== wanted)
      return { trouble: `${name} lists the members ${namesOf(members)}, not ${wanted}` };
  }

  const leaders = await Promise.all(reached.map((node) => etcd.leader(node)));
  const leaderId = leaders[0];
  if (leaderId === undefined || leaders.some((other) => other !== leaderId))
    return {
      trouble: `the members follow no common leader: ${leaders.map((id) => id ?? "none").join(", ")}`,
    };

  const members = lists[0]?.members ?? [];
  const leader = members.find(({ id }) => id === leaderId)?.name;
  if (leader === undefined) return { trouble: `the leader ${leaderId} is no member` };

  const [writer, reader] = [reached[0], reached.at(-1)];
  if (writer === undefined || reader === undefined) return { trouble: "there is no member" };
  const failed = await etcd.probe(writer, reader, probeKey, writer.name);
  if (failed !== undefined) return { trouble: failed };

  return {
    report: {
      nodes: reached.map(({ name, host }) => ({
        name,
        addresses: [host],
        memberId: members.find((member) => member.name === name)?.id ?? "",
      })),
      endpoints: reached.map((node) => etcd.endpoint(node)),
      leader,
    },
  };
}
