/** Whether a member can be made anew while the others carry the cluster. Pure. */
import type { ClusterView, NodeView } from "../lab/clusterView.ts";
import { majority } from "../../plan/members.ts";

export const membersIn = <Node extends Pick<NodeView, "role">>({
  nodes,
}: {
  readonly nodes: readonly Node[];
}): readonly Node[] => nodes.filter(({ role }) => role === "member");

/** What counts of a node here. */
type Seen = Pick<NodeView, "name" | "role" | "member" | "health">;

/**
 * Why not; undefined where it can be: all that are there must be able to take it out, and the others to go on without it.
 */
export function obstacle(view: { readonly nodes: readonly Seen[] }, name: string): string | undefined {
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

/**
 * Whether machines that are off are why it can't be: those that run may all get healthy yet, and still it could not.
 * @param off names of machines.
 */
export function barredByOff(nodes: readonly Seen[], off: ReadonlySet<string>, name: string): boolean {
  const nodesWith = (well: (name: string) => boolean): { nodes: readonly Seen[] } => ({
    nodes: nodes.map((node) => ({ ...node, health: well(node.name) ? "healthy" : "off" })),
  });
  return (
    obstacle(
      nodesWith((one) => !off.has(one)),
      name,
    ) !== undefined &&
    obstacle(
      nodesWith(() => true),
      name,
    ) === undefined
  );
}

/** The same before anybody was asked: whether the member is on the list still is not known then. */
export const surelyBarred = (members: readonly string[], off: ReadonlySet<string>, name: string): boolean =>
  ["", "listed"].every((member) =>
    barredByOff(
      members.map((one) => ({ name: one, role: "member", health: "", member })),
      off,
      name,
    ),
  );

/** The order in which members are made anew: those that are broken first, the leader last. */
export function inOrder(view: Pick<ClusterView, "nodes">, names: readonly string[]): readonly string[] {
  const rank = (name: string): number => {
    const member = membersIn(view).find((one) => one.name === name);
    if (member === undefined || member.health !== "healthy") return 0;
    return member.member !== "" && member.status?.leader === member.member ? 2 : 1;
  };
  return names.toSorted((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
}
