/** The cluster's storage pool: a folder of its own on the libvirt host, closed to other users. */
import * as pulumi from "@pulumi/pulumi";
import { Command } from "@pulumi/command/local/command.js";
import { Pool } from "@pulumi/libvirt/bin/pool.js";
import type { ClusterPlan } from "../plan/types.ts";
import { hostFacts } from "./hostFacts.ts";
import type { LeftoverHooks } from "./leftovers.ts";
import { program } from "./programs.ts";
import { type Site, siteName } from "./sites.ts";
import { type FolderAccess, poolStylesheet } from "./stylesheets.ts";

export interface PoolArgs {
  readonly plan: ClusterPlan;
  readonly site: Site;
  readonly owner: pulumi.Output<string>;
  readonly hooks: LeftoverHooks;
}

export interface ClusterPool {
  readonly pool: Pool;
  /**
   * Made before anything else on the host, and what everything there is deleted with: when the whole cluster goes, this
   * Command's `delete` removes all that carries the owner's mark, whether the state knows of it or not. The provider's
   * own way stops at the first domain that somebody removed by hand, and knows nothing of what a killed run left.
   */
  readonly host: Command;
}

/** The Command of one host: see {@link ClusterPool}. */
export function makeHost(
  name: string,
  { plan, site, owner }: Omit<PoolArgs, "hooks">,
  parent: pulumi.Resource,
): Command {
  return new Command(
    siteName(site, `${name}-host`),
    {
      ...program("host"),
      create: "check",
      update: "keep",
      delete: "sweep",
      environment: {
        LIBVIRT_URI: site.uri,
        OWNER: owner,
        POOL: site.pool.name,
        ARCH: plan.arch,
        DOMAIN_TYPE: plan.domainType,
        DOMAINS: site.nodes.map((node) => node.name).join(" "),
        FACTS: hostFacts(plan, site),
      },
    },
    // Looked at once, before the first thing is made: what the plan comes to later is no change of this Command.
    { parent, ignoreChanges: ["environment.FACTS"] },
  );
}

/**
 * @param host what looks at the pool's host.
 * @param others those of the other hosts: nothing is made anywhere before all have been looked at.
 */
export function makePool(
  name: string,
  {
    site,
    owner,
    hooks,
    host,
    others,
  }: Omit<PoolArgs, "plan"> & { host: Command; others: readonly Command[] },
  parent: pulumi.Resource,
): ClusterPool {
  const pool = new Pool(
    siteName(site, `${name}-pool`),
    {
      name: site.pool.name,
      type: "dir",
      target: { path: site.pool.path },
      xml: {
        xslt: pulumi
          .all([owner, host.stdout])
          .apply(([id, found]) => poolStylesheet(id, JSON.parse(found) as FolderAccess)),
      },
    },
    // Two pools can't have one name or one folder: a change of either takes everything down first.
    {
      parent,
      ...(site.provider === undefined ? {} : { provider: site.provider }),
      ...(others.length === 0 ? {} : { dependsOn: [...others] }),
      deletedWith: host,
      deleteBeforeReplace: true,
      hooks: hooks.pool,
      // While the Command is to be updated (a node came or went), a preview doesn't know what it will print, and would
      // announce that the pool and all in it is replaced.
      ignoreChanges: ["xml"],
    },
  );
  return { pool, host };
}
