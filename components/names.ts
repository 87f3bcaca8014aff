/** Names that two clusters of one program can't both have. */
import * as pulumi from "@pulumi/pulumi";
import type { ClusterPlan } from "../plan/types.ts";

/** By name on the host: the component that has it. */
const claimed = new Map<string, string>();

/**
 * Notes the names of a cluster's machines and pool. Without it the engine would say no more than "duplicate resource URN", and
 * of two pools in one folder nothing at all.
 * @throws RunError when another cluster of this program has one of them.
 */
export function claimNames(component: string, plan: ClusterPlan): void {
  const names = [
    ...plan.nodes.map((node) => `the node ${node.name}`),
    `the pool ${plan.pool.name}`,
    `the pool's folder ${plan.pool.path}`,
  ];
  for (const name of names) {
    const holder = claimed.get(name);
    if (holder !== undefined && holder !== component)
      throw new pulumi.RunError(
        `The clusters "${holder}" and "${component}" of this program would share ${name}. ` +
          `Give each a prefix of its own (and, where nodes are named one by one, other names).`,
      );
  }
  for (const name of names) claimed.set(name, component);
}
