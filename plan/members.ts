/** Who begins a cluster, and who joins it. Pure. */
import type { ClusterPlan, NodePlan } from "./types.ts";

type Members = Pick<ClusterPlan, "nodes" | "bootstrapSize">;

/** The etcd members, in the order of their names: what depends on them must not depend on how the config orders them. */
export const membersOf = (plan: Pick<ClusterPlan, "nodes">): readonly NodePlan[] =>
  plan.nodes
    .filter(({ role }) => role === "member")
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));

/** The members that a new cluster begins with: by their names the first of those that don't say that they join. */
export const founders = (plan: Members): readonly NodePlan[] =>
  membersOf(plan)
    .filter(({ joins }) => joins !== true)
    .slice(0, plan.bootstrapSize);

/** The members that join a cluster which is there, in the order of their names: one after the other. */
export function joiners(plan: Members): readonly NodePlan[] {
  const names = new Set(founders(plan).map(({ name }) => name));
  return membersOf(plan).filter(({ name }) => !names.has(name));
}
