/** The places that a cluster's machines are at: the one host of the provider, or several that the plan names. */
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/libvirt/bin/provider.js";
import type { ClusterPlan, NodePlan, PoolPlan } from "../plan/types.ts";
import { requireHosts } from "./answering.ts";
import { connectionUri, explicitProvider, requireOneReading } from "./connection.ts";
import { leavingHosts } from "./leaving.ts";

/** A libvirt host with its part of the plan. */
export interface Site {
  /** As the plan calls it; undefined where there is one host, and nobody had to name it. */
  readonly host: string | undefined;
  readonly uri: pulumi.Output<string>;
  /** What its resources are made with; undefined: what the component's children get anyway. */
  readonly provider: Provider | undefined;
  readonly pool: PoolPlan;
  readonly bridge: string;
  /** The machines that are there. */
  readonly nodes: readonly NodePlan[];
}

/** The name of a resource that each host has one of: it says which host, where there are several to choose from. */
export const siteName = ({ host }: Pick<Site, "host">, name: string): string =>
  host === undefined ? name : `${name}@${host}`;

/** Hosts on which machines are; nothing is made on the others. */
export function makeSites(
  name: string,
  plan: ClusterPlan,
  parent: pulumi.Resource,
  opts: pulumi.ComponentResourceOptions | undefined,
): readonly [Site, ...Site[]] {
  const { hosts, pool, bridge, nodes } = plan;
  const usual = { host: undefined, provider: undefined, pool, bridge, nodes };
  if (hosts === undefined) return [{ ...usual, uri: connectionUri(opts) }];
  if (explicitProvider(opts) !== undefined)
    throw new pulumi.RunError(
      `The cluster "${name}" has both hosts and a libvirt.Provider: the provider is for one host. Leave one of them out.`,
    );
  const used = hosts.filter((host) => nodes.some((node) => node.host === host.name));
  for (const { uri } of used) requireOneReading(uri);
  const staying = used.map((host) => host.name);
  const answered = leavingHosts(name, staying).then((leaving) => requireHosts(used, leaving));
  const secret = plan.secretKeys.includes("hosts");
  const sites = used.map((host): Site => {
    const known = pulumi.output(answered.then(() => host.uri));
    const uri = secret ? pulumi.secret(known) : known;
    const provider = new Provider(
      siteName({ host: host.name }, `${name}-provider`),
      { uri },
      // The engine notes it after the first run, and would show it as a change in the second.
      { parent, ignoreChanges: ["version"] },
    );
    const own = nodes.filter((node) => node.host === host.name);
    return { host: host.name, uri, provider, pool: host.pool, bridge: host.bridge, nodes: own };
  });
  const [first, ...others] = sites;
  if (first === undefined) throw new Error("A plan without machines on its hosts");
  return [first, ...others];
}

/** The libvirt connection of each machine's host, by the machine's name. */
export const urisOf = (sites: readonly Site[]): pulumi.Output<Record<string, string>> =>
  pulumi
    .all(sites.map(({ uri }) => uri))
    .apply((uris) =>
      Object.fromEntries(sites.flatMap(({ nodes }, at) => nodes.map(({ name }) => [name, uris[at] ?? ""]))),
    );

/** The libvirt connections of all machines, as the programs that look at them are told (commands/readiness/settings.ts). */
export const connections = (sites: readonly [Site, ...Site[]]): Record<string, pulumi.Output<string>> => ({
  LIBVIRT_URI: sites[0].uri,
  ...(sites.length === 1 ? {} : { LIBVIRT_URIS: whereabouts(sites) }),
});

/** `name=URI` of all machines. */
const whereabouts = (sites: readonly Site[]): pulumi.Output<string> =>
  urisOf(sites).apply((uris) =>
    Object.entries(uris)
      .map(([name, uri]) => `${name}=${uri}`)
      .join(" "),
  );
