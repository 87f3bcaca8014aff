/** The discovery URL: obtained once for each generation of the cluster, kept until the next. */
import * as pulumi from "@pulumi/pulumi";
import { Command } from "@pulumi/command/local/command.js";
import { RandomId } from "@pulumi/random/randomId.js";
import type { ClusterPlan, DiscoveryPlan } from "../plan/types.ts";
import { program } from "./programs.ts";

export interface Discovery {
  readonly url: pulumi.Output<string>;
}

function parameters(
  discovery: DiscoveryPlan,
  token: pulumi.Output<string> | undefined,
): Record<string, pulumi.Input<string>> {
  switch (discovery.mode) {
    case "service":
      return { MODE: "service", ENDPOINT: discovery.endpoint };
    case "etcd":
      return { MODE: "etcd", ENDPOINT: discovery.endpoint, ...(token === undefined ? {} : { TOKEN: token }) };
    case "url":
      return { MODE: "url", URL: discovery.url };
    case "static":
    case "v3":
      throw new Error(`Discovery mode ${discovery.mode} can't be used yet`);
  }
}

/**
 * @param generation what the URL is good for: the only thing that makes a new one. Any other change of the Command's
 *   inputs runs `keep`, which prints the URL that is there.
 * @param after nothing is asked of a registry before this is there.
 */
export function makeDiscovery(
  name: string,
  plan: ClusterPlan,
  generation: string,
  after: pulumi.Resource,
  parent: pulumi.Resource,
): Discovery {
  const token =
    plan.discovery.mode === "etcd"
      ? new RandomId(`${name}-discovery-token`, { byteLength: 16, keepers: { generation } }, { parent }).hex
      : undefined;
  const command = new Command(
    `${name}-discovery`,
    {
      ...program("discovery"),
      create: "obtain",
      update: "keep",
      delete: "release",
      environment: { ...parameters(plan.discovery, token), SIZE: String(plan.bootstrapSize) },
      triggers: [generation],
    },
    { parent, dependsOn: after },
  );
  return { url: plan.secretKeys.includes("discovery") ? pulumi.secret(command.stdout) : command.stdout };
}
