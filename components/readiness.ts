/** The wait until the cluster is healthy, and what is found out about it on the way. */
import * as pulumi from "@pulumi/pulumi";
import { Command } from "@pulumi/command/local/command.js";
import type { ClusterReport } from "../commands/readiness/report.ts";
import type { Role } from "../plan/types.ts";
import { asking, type AskingArgs, listed, machines } from "./asking.ts";
import type { Node } from "./node.ts";
import { program } from "./programs.ts";

/**
 * Runs at every change of its inputs, and waits again only when a machine was replaced, came or went. It has no triggers:
 * an update sees the report before, so that machines that stayed are found again without their discovery registry.
 * @returns what the wait found out; `nodes` holds members and clients.
 */
export function makeReadiness(
  name: string,
  args: AskingArgs & {
    readonly nodes: readonly Pick<Node, "name" | "domainId">[];
    /** What the last member that joins has its vote by. */
    readonly after: pulumi.Resource | undefined;
  },
  parent: pulumi.Resource,
): pulumi.Output<ClusterReport> {
  const { plan, nodes, credentials } = args;
  const inRole = (role: Role) => listed(plan.nodes.filter((node) => node.role === role));
  const command = new Command(
    `${name}-readiness`,
    {
      ...program("readiness"),
      create: "wait",
      update: "renew",
      environment: {
        NODES: inRole("member"),
        CLIENTS: inRole("client"),
        MACHINES: machines(nodes),
        ...asking(args),
      },
    },
    { parent, ...(args.after === undefined ? {} : { dependsOn: args.after }) },
  );
  // The report says nothing of the credentials, whatever the plugin makes of secrets among its inputs.
  const report = credentials === undefined ? command.stdout : pulumi.unsecret(command.stdout);
  return report.apply((text) => JSON.parse(text) as ClusterReport);
}
