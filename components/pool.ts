/** The cluster's storage pool: a folder of its own on the libvirt host, closed to other users. */
import * as pulumi from "@pulumi/pulumi";
import { Command } from "@pulumi/command/local/command.js";
import { Pool } from "@pulumi/libvirt/bin/pool.js";
import type { ClusterPlan } from "../plan/types.ts";
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
   * What everything in the pool and every domain is deleted with: when the whole cluster goes, this Command's `delete`
   * removes all that carries the owner's mark, what the state doesn't know of included. The provider's own way stops
   * at the first domain that somebody removed by hand.
   */
  readonly sweeper: Command;
}

export function makePool(name: string, args: PoolArgs, parent: pulumi.Resource): ClusterPool {
  const { plan, uri, owner, hooks } = args;
  const environment = { LIBVIRT_URI: uri, OWNER: owner, POOL: plan.pool.name };
  const host = new Command(
    `${name}-host`,
    {
      ...program("host"),
      create: "check",
      update: "keep",
      environment: { ...environment, DOMAINS: plan.nodes.map((node) => node.name).join(" ") },
    },
    { parent },
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
    { parent, deleteBeforeReplace: true, hooks: { beforeCreate: [hooks.pool] } },
  );
  const sweeper = new Command(
    `${name}-sweeper`,
    { ...program("host"), create: "nothing", update: "keep", delete: "sweep", environment },
    { parent, dependsOn: pool },
  );
  return { pool, sweeper };
}
