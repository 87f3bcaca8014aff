/** What the programs that ask machines and members are told by their environment: the wait until all are healthy, joining and leaving. */
import * as pulumi from "@pulumi/pulumi";
import type { Credentials } from "../commands/way.ts";
import type { ClusterPlan, NodePlan } from "../plan/types.ts";
import { markSecret } from "./discovery.ts";
import type { Node } from "./node.ts";
import { connections, type Site } from "./sites.ts";

export interface AskingArgs {
  readonly plan: ClusterPlan;
  readonly sites: readonly [Site, ...Site[]];
  readonly discoveryUrl: pulumi.Output<string>;
  /** What members want to see; undefined where they serve without TLS. */
  readonly credentials: pulumi.Output<Credentials> | undefined;
}

/** `name=MAC` of each, with the address behind it where the config gives one, and blanks between. */
export const listed = (nodes: readonly NodePlan[]): string =>
  nodes
    .map(({ name, mac, address }) => [name, mac, ...(address === undefined ? [] : [address])].join("="))
    .join(" ");

/** `name=UUID` of each machine, with blanks between. */
export const machines = (nodes: readonly Pick<Node, "name" | "domainId">[]): pulumi.Output<string> =>
  pulumi
    .all(nodes.map((node) => pulumi.interpolate`${node.name}=${node.domainId}`))
    .apply((words) => words.join(" "));

/** Where and how members are asked, and for how many seconds; what is secret in the config is secret here. */
export function asking(args: AskingArgs): Record<string, pulumi.Input<string>> {
  const { plan, sites, discoveryUrl, credentials } = args;
  const secret = plan.secretKeys.includes("discovery");
  const endpoints = plan.discovery.mode === "v3" ? plan.discovery.endpoints.join(" ") : "";
  return {
    MODE: plan.discovery.mode,
    DISCOVERY_URL: discoveryUrl,
    ENDPOINTS: secret ? pulumi.secret(endpoints) : endpoints,
    ...markSecret(secret),
    ...connections(sites),
    TIMEOUT: String(plan.readinessTimeout),
    ...(credentials === undefined
      ? {}
      : { TLS_CA: credentials.ca, TLS_CERT: credentials.cert, TLS_KEY: credentials.key }),
  };
}
