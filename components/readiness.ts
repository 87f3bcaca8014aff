/** The wait until the cluster is healthy, and what is found out about it on the way. */
import * as pulumi from "@pulumi/pulumi";
import { Command } from "@pulumi/command/local/command.js";
import type { ClusterReport } from "../commands/readiness/report.ts";
import type { ClusterPlan } from "../plan/types.ts";
import type { Node } from "./node.ts";
import { program } from "./programs.ts";

/**
 * Runs again only when a machine was replaced: any other change of the Command's inputs (the time-out, the connection)
 * runs `keep`, which prints what was found when the cluster was made.
 */
export function makeReadiness(
  name: string,
  args: {
    readonly plan: ClusterPlan;
    readonly nodes: readonly Node[];
    readonly uri: pulumi.Output<string>;
    readonly discoveryUrl: pulumi.Output<string>;
  },
  parent: pulumi.Resource,
): pulumi.Output<ClusterReport> {
  const { plan, nodes, uri, discoveryUrl } = args;
  const command = new Command(
    `${name}-readiness`,
    {
      ...program("readiness"),
      create: "wait",
      update: "keep",
      environment: {
        NODES: nodes.map((node) => `${node.name}=${node.mac}`).join(" "),
        DISCOVERY_URL: discoveryUrl,
        LIBVIRT_URI: uri,
        TIMEOUT: String(plan.readinessTimeout),
      },
      triggers: nodes.map((node) => node.domainId),
    },
    { parent },
  );
  return command.stdout.apply((text) => JSON.parse(text) as ClusterReport);
}
