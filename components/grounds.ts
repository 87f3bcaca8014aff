/** What machines stand on, on each host: a pool, and what their disks lie over. */
import type * as pulumi from "@pulumi/pulumi";
import type { ClusterPlan, NodePlan } from "../plan/types.ts";
import { type DiskBase, makeBaseImage } from "./baseImage.ts";
import { leftoverHooks, type LeftoverHooks } from "./leftovers.ts";
import type { Owner } from "./owner.ts";
import { type ClusterPool, makeHost, makePool } from "./pool.ts";
import type { Site } from "./sites.ts";

/** One host with all that is there before its machines. */
export interface Ground {
  readonly site: Site;
  readonly pool: ClusterPool;
  readonly base: DiskBase;
  readonly hooks: LeftoverHooks;
}

/** All hosts are looked at before anything is made on the first. */
export function makeGrounds(
  name: string,
  plan: ClusterPlan,
  sites: readonly Site[],
  owner: Owner,
  parent: pulumi.Resource,
): Ground[] {
  const looked = sites.map((site) => ({
    site,
    host: makeHost(name, { plan, site, owner: owner.id }, parent),
  }));
  return looked.map(({ site, host }): Ground => {
    const hooks = leftoverHooks(name, plan, site, owner);
    const others = looked.map((one) => one.host).filter((other) => other !== host);
    const pool = makePool(name, { site, owner: owner.id, hooks, host, others }, parent);
    return { site, pool, hooks, base: makeBaseImage(name, { plan, pool, site, hooks }, parent) };
  });
}

/** Where a machine goes. */
export function groundOf(grounds: readonly Ground[], { name, host }: NodePlan): Ground {
  const found = grounds.find(({ site }) => site.host === host);
  if (found === undefined)
    throw new Error(`The plan puts ${name} on the host ${host ?? ""}, which it does not have`);
  return found;
}
