/** The cluster's storage pool: a folder of its own on the libvirt host, closed to other users. */
import * as pulumi from "@pulumi/pulumi";
import { Command } from "@pulumi/command/local/command.js";
import { Pool } from "@pulumi/libvirt/bin/pool.js";
import type { ClusterPlan } from "../plan/types.ts";
import { hostFacts } from "./hostFacts.ts";
import type { LeftoverHooks } from "./leftovers.ts";
import { program } from "./programs.ts";
import { type FolderAccess, poolStylesheet } from "./stylesheets.ts";

export interface PoolArgs {
  readonly plan: ClusterPlan;
  readonly uri: pulumi.Output<string>;
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

export function makePool(name: string, args: PoolArgs, parent: pulumi.Resource): ClusterPool {
  const { plan, uri, owner, hooks } = args;
  const host = new Command(
    `${name}-host`,
    {
      ...program("host"),
      create: "check",
      update: "keep",
      delete: "sweep",
      environment: {
        LIBVIRT_URI: uri,
        OWNER: owner,
        POOL: plan.pool.name,
        ARCH: plan.arch,
        DOMAIN_TYPE: plan.domainType,
        DOMAINS: plan.nodes.map((node) => node.name).join(" "),
        FACTS: hostFacts(plan),
      },
    },
    // Looked at once, before the first thing is made: what the plan comes to later is no change of this Command.
    { parent, ignoreChanges: ["environment.FACTS"] },
  );
  const pool = new Pool(
    `${name}-pool`,
    {
      name: plan.pool.name,
      type: "dir",
      target: { path: plan.pool.path },
      xml: {
        xslt: pulumi
          .all([owner, host.stdout])
          .apply(([id, found]) => poolStylesheet(id, JSON.parse(found) as FolderAccess)),
      },
    },
    // Two pools can't have one name or one folder: a change of either takes everything down first.
    {
      parent,
      deletedWith: host,
      deleteBeforeReplace: true,
      hooks: { beforeCreate: [hooks.pool] },
      // While the Command is to be updated (a node came or went), a preview doesn't know what it will print, and would
      // announce that the pool and all in it is replaced.
      ignoreChanges: ["xml"],
    },
  );
  return { pool, host };
}
