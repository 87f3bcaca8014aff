/** The wait until the cluster is healthy, and what is found out about it on the way. */
import * as pulumi from "@pulumi/pulumi";
import { Command } from "@pulumi/command/local/command.js";
import type { Credentials } from "../commands/way.ts";
import type { ClusterReport } from "../commands/readiness/report.ts";
import type { ClusterPlan, NodePlan, Role } from "../plan/types.ts";
import type { Node } from "./node.ts";
import { markSecret } from "./discovery.ts";
import { program } from "./programs.ts";
import { connections, type Site } from "./sites.ts";

/** `name=MAC`, with the address behind it where the config gives one. */
const listed = (nodes: readonly NodePlan[], role: Role): string =>
  nodes
    .filter((node) => node.role === role)
    .map(({ name, mac, address }) => [name, mac, ...(address === undefined ? [] : [address])].join("="))
    .join(" ");

/**
 * Runs at every change of its inputs, and waits again only when a machine was replaced, came or went. It has no triggers:
 * an update sees the report before, so that machines that stayed are found again without their discovery registry.
 * @returns what the wait found out; `nodes` holds members and clients.
 */
export function makeReadiness(
  name: string,
  args: {
    readonly plan: ClusterPlan;
    readonly nodes: readonly Pick<Node, "name" | "domainId">[];
    readonly sites: readonly [Site, ...Site[]];
    readonly discoveryUrl: pulumi.Output<string>;
    /** What members want to see; undefined where they serve without TLS. */
    readonly credentials: pulumi.Output<Credentials> | undefined;
    /** What the last member that joins has its vote by. */
    readonly after: pulumi.Resource | undefined;
  },
  parent: pulumi.Resource,
): pulumi.Output<ClusterReport> {
  const { plan, nodes, sites, discoveryUrl, credentials } = args;
  const secret = plan.secretKeys.includes("discovery");
  const endpoints = plan.discovery.mode === "v3" ? plan.discovery.endpoints.join(" ") : "";
  const command = new Command(
    `${name}-readiness`,
    {
      ...program("readiness"),
      create: "wait",
      update: "renew",
      environment: {
        NODES: listed(plan.nodes, "member"),
        CLIENTS: listed(plan.nodes, "client"),
        MACHINES: pulumi
          .all(nodes.map((node) => pulumi.interpolate`${node.name}=${node.domainId}`))
          .apply(joined),
        MODE: plan.discovery.mode,
        DISCOVERY_URL: discoveryUrl,
        ENDPOINTS: secret ? pulumi.secret(endpoints) : endpoints,
        ...markSecret(secret),
        ...connections(sites),
        TIMEOUT: String(plan.readinessTimeout),
        ...(credentials === undefined
          ? {}
          : { TLS_CA: credentials.ca, TLS_CERT: credentials.cert, TLS_KEY: credentials.key }),
      },
    },
    { parent, ...(args.after === undefined ? {} : { dependsOn: args.after }) },
  );
  // The report says nothing of the credentials, whatever the plugin makes of secrets among its inputs.
  const report = credentials === undefined ? command.stdout : pulumi.unsecret(command.stdout);
  return report.apply((text) => JSON.parse(text) as ClusterReport);
}

const joined = (words: readonly string[]): string => words.join(" ");
