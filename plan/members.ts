/** Who begins a cluster, and who joins it. Pure. */
import type { ClusterPlan, NodePlan } from "./types.ts";

/** A machine as far as it is asked here. */
export type Joining = Pick<NodePlan, "name" | "role" | "joins">;

interface Members<N extends Joining> extends Pick<ClusterPlan, "bootstrapSize"> {
  readonly nodes: readonly N[];
}

/** How many of so many members with a vote are a majority: as many must be there for a write. */
export const majority = (voters: number): number => Math.floor(voters / 2) + 1;

/** The etcd members, in the order of their names: what depends on them must not depend on how the config orders them. */
export const membersOf = <N extends Joining>(plan: Pick<Members<N>, "nodes">): readonly N[] =>
  plan.nodes
    .filter(({ role }) => role === "member")
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));

/** The members that a new cluster begins with: by their names the first of those that don't say that they join. */
export const founders = <N extends Joining>(plan: Members<N>): readonly N[] =>
  membersOf(plan)
    .filter(({ joins }) => joins !== true)
    .slice(0, plan.bootstrapSize);

/** The members that join a cluster which is there, in the order of their names: one after the other. */
export function joiners<N extends Joining>(plan: Members<N>): readonly N[] {
  const names = new Set(founders(plan).map(({ name }) => name));
  return membersOf(plan).filter(({ name }) => !names.has(name));
}
