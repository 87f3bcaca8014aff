/** Whether a member can be made anew while the others carry the cluster. Pure. */
import type { ClusterView, NodeView } from "../lab/clusterView.ts";

export const membersIn = ({ nodes }: Pick<ClusterView, "nodes">): readonly NodeView[] =>
  nodes.filter(({ role }) => role === "member");

const majority = (voters: number): number => Math.floor(voters / 2) + 1;

/**
 * Why not; undefined where it can be: all that are there must be able to take it out, and the others to go on without it.
 */
export function obstacle(view: Pick<ClusterView, "nodes">, name: string): string | undefined {
  const members = membersIn(view);
  const own = members.find((member) => member.name === name);
  if (own === undefined) return undefined;
  const others = members.filter((member) => member !== own);
  const well = others.filter(({ health }) => health === "healthy");
  const sick = others
    .filter((member) => !well.includes(member))
    .map((member) => `${member.name}: ${member.health}`)
    .join("; ");
  if (others.length === 0) return `${name} is the only member: nobody would have the data`;
  const listed = own.member !== "";
  const present = well.length + (own.health === "healthy" ? 1 : 0);
  const [needed, here] =
    listed && well.length >= majority(others.length)
      ? [majority(members.length), present]
      : [majority(others.length), well.length];
  if (here >= needed) return undefined;
  return (
    `${name} can't be made anew: of its cluster's ${members.length} members ${present} are healthy, and without ${name} no majority would be` +
    (sick === "" ? " able to take it out" : ` (${sick})`)
  );
}

/** The order in which members are made anew: those that are broken first, the leader last. */
export function inOrder(view: Pick<ClusterView, "nodes">, names: readonly string[]): readonly string[] {
  const rank = (name: string): number => {
    const member = membersIn(view).find((one) => one.name === name);
    if (member === undefined || member.health !== "healthy") return 0;
    return member.member !== "" && member.status?.leader === member.member ? 2 : 1;
  };
  return names.toSorted((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
}
