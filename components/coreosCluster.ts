/** A cluster: pool, base image, discovery, nodes, and the wait until etcd is healthy on all of its members. */
import * as pulumi from "@pulumi/pulumi";
import type { Credentials } from "../commands/way.ts";
import type { ClusterReport } from "../commands/readiness/report.ts";
import { proxyCommand } from "../host/remote.ts";
import { shellCommand } from "../host/shell.ts";
import * as rendering from "../ignition/index.ts";
import type { NodeTls } from "../ignition/index.ts";
import type { ClusterPlan, NodePlan, Role } from "../plan/types.ts";
import { type Share, sharesOf } from "../plan/placement.ts";
import { makeCertificates } from "./certificates.ts";
import { keepSecretsOutOfDebugLog } from "./debugLog.ts";
import { makeDiscovery } from "./discovery.ts";
import { makeGrounds } from "./grounds.ts";
import { makeMachines, planOfThis } from "./machines.ts";
import { claimNames } from "./names.ts";
import type { Node } from "./node.ts";
import { makeOwner } from "./owner.ts";
import { makeReadiness } from "./readiness.ts";
import { makeRoom } from "./room.ts";
import { makeSites, urisOf } from "./sites.ts";

/** Makes the nodes' Ignition configs; `ignition/` by default. */
export interface IgnitionRenderer {
  /** A hash of all that shapes a fresh cluster: another one means another discovery URL. */
  generation(plan: ClusterPlan): string;
  /** A hash of all that shapes a node's disk, but for the discovery URL. */
  fingerprint(plan: ClusterPlan, node: NodePlan): string;
  /**
   * A node's Ignition config, as JSON.
   * @param bootstrap `initialCluster` is there for a member that joins: all members and itself, `name=peerURL` with commas between.
   */
  renderIgnition(
    plan: ClusterPlan,
    node: NodePlan,
    bootstrap: { readonly discoveryUrl: string; readonly initialCluster?: string; readonly tls?: NodeTls },
  ): string;
  /** What is odd about the user's files without being wrong: shown on each run. */
  warningsOf?(plan: ClusterPlan): readonly string[];
}

/** What a cluster is made of. */
export interface CoreOSClusterArgs {
  /** The whole cluster, checked: from `clusterPlan` (library.ts), or from `makePlan` where settings come as text. */
  readonly plan: ClusterPlan;
  /** Who makes the nodes' Ignition configs. Default: the program's own profiles and the transpilers on PATH. */
  readonly ignition?: IgnitionRenderer;
  /**
   * Whether the component waits, `plan.readinessTimeout` seconds at the most, until every etcd member is healthy and every
   * client answers, and fails with the reason where that doesn't happen. Default: true. With false it is done when
   * the machines have started, and knows only the addresses that the plan gives.
   */
  readonly waitUntilHealthy?: boolean;
}

/** One machine of the cluster. */
export interface NodeOutput {
  /** Domain name, host name and etcd member name. */
  readonly name: string;
  /** `52:54:00:xx:xx:xx`, lower case. */
  readonly mac: string;
  /** `member` of the etcd cluster, or `client` of it. */
  readonly role: Role;
  /** Name of the libvirt host that it is on; absent where the plan names no hosts. */
  readonly host?: string;
  /** Where it is reached, best first; what `plan.nodes[].address` says, or nothing, where nobody waited. */
  readonly addresses: readonly string[];
  /** libvirt's UUID of the domain: another one whenever the machine was replaced. */
  readonly domainId: string;
  /** How ssh gets there, for its option of this name; only where the machine is reached through its libvirt host. */
  readonly proxyCommand?: string;
}

/**
 * A cluster of machines on one libvirt host, or on those that the plan names. Resource names are made of the component's name and the nodes' names, so
 * several clusters fit into one stack as long as their prefixes (or their nodes' names) differ.
 *
 * The constructor throws RenderError when a node's configuration can't be made, and RunError when another cluster of the
 * same program has one of its names. Whatever else goes wrong (a name that is taken on the host, a base volume that
 * isn't there, machines that don't come up) fails the update with a message that says what to do.
 */
export class CoreOSCluster extends pulumi.ComponentResource {
  /** The machines, in the order of their names. */
  readonly nodes: pulumi.Output<NodeOutput[]>;
  /**
   * Client URLs of the etcd members (`http://10.0.0.5:2379`); clients are not among them. By name where nobody waited, and with TLS,
   * whose certificates speak of names (`https://dev-core01:2379`), unless the config gives addresses.
   */
  readonly etcdEndpoints: pulumi.Output<readonly string[]>;
  /** What the members found each other by; empty where they need nothing. Secret where the config's discovery is. */
  readonly discoveryUrl: pulumi.Output<string>;
  /**
   * `GENERATION.LIFE`, hexadecimal: what the cluster is known by as long as it lives, for the config key `rejoin`. Empty where it has no
   * members.
   */
  readonly incarnation: pulumi.Output<string>;
  /** What members with TLS want to see, secret; undefined in a cluster without. */
  readonly etcdCredentials: pulumi.Output<Credentials> | undefined;
  /** What Docker's remote API with TLS wants to see, secret; undefined where no node has it. */
  readonly dockerCredentials: pulumi.Output<Credentials> | undefined;
  /** `ssh core@ADDRESS`, by node name. */
  readonly sshCommands: pulumi.Output<Record<string, string>>;
  /** Which host has which machines, and whose loss would cost etcd its quorum; undefined where the plan names no hosts. */
  readonly hosts: readonly Share[] | undefined;

  /**
   * @param name unique in the stack; beginning of the names of what the cluster has one of.
   * @param opts `provider` or `providers` may hold a libvirt.Provider: all goes to its host then. Default: `libvirt:uri`. Where the
   *   plan has `hosts`, each gets a provider of its own.
   */
  constructor(name: string, args: CoreOSClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    keepSecretsOutOfDebugLog();
    super("coreos-cluster:index:CoreOSCluster", name, {}, opts);
    const { plan, ignition = rendering, waitUntilHealthy = true } = args;
    claimNames(name, plan);
    for (const warning of ignition.warningsOf?.(plan) ?? []) void pulumi.log.warn(warning);
    const sites = makeSites(name, plan, this, opts);
    const owner = makeOwner(name, this);
    const grounds = makeGrounds(name, plan, sites, owner, this);
    const pools = grounds.map(({ pool }) => pool.pool);
    const generation = ignition.generation(plan);
    const discovery = makeDiscovery(name, plan, generation, sites[0].uri, pools, this);
    const room = makeRoom(name, plan, discovery, sites[0].uri);
    const certificates = plan.tls === undefined ? undefined : makeCertificates(name, plan, plan.tls, this);
    const build = (of: ClusterPlan): Built => {
      const args = { plan: of, ignition, sites, grounds, owner, discovery, room, certificates };
      const { nodes, after } = makeMachines(args, this);
      if (!waitUntilHealthy) return { nodes, found: pulumi.output(unseen(of)) };
      const asked = { discoveryUrl: discovery.url, credentials: certificates?.client };
      return { nodes, found: makeReadiness(name, { plan: of, nodes, sites, ...asked, after }, this) };
    };
    const known = planOfThis(plan, generation, discovery);
    const built = known instanceof Promise ? eventually(known.then(build)) : lifted(build(known));

    // A Map would not come through pulumi.all.
    const reached = pulumi.all([built.found, urisOf(sites)]).apply(([report, uris]) => ways(report, uris));
    this.discoveryUrl = discovery.url;
    this.incarnation = discovery.life.apply((life) => (life === "" ? "" : `${generation}.${life}`));
    this.etcdEndpoints = built.found.apply(({ endpoints }) =>
      plan.tls === undefined ? endpoints : rendering.memberUrls(plan),
    );
    this.etcdCredentials = certificates?.client;
    this.dockerCredentials = certificates?.docker;
    this.nodes = pulumi
      .all([built.machines, reached])
      .apply(([machines, all]) =>
        machines.map((machine) => ({ ...machine, addresses: [], ...all[machine.name] })),
      );
    this.hosts = plan.hosts === undefined ? undefined : sharesOf(plan.hosts, plan.nodes);
    this.sshCommands = reached.apply((all) =>
      Object.fromEntries(
        plan.nodes.map(({ name: node }) => [
          node,
          sshCommand(all[node]?.addresses[0] ?? node, all[node]?.proxyCommand),
        ]),
      ),
    );
    this.registerOutputs({
      nodes: this.nodes,
      etcdEndpoints: this.etcdEndpoints,
      discoveryUrl: this.discoveryUrl,
      sshCommands: this.sshCommands,
      incarnation: this.incarnation,
      ...(this.etcdCredentials === undefined ? {} : { etcdCredentials: this.etcdCredentials }),
      ...(this.dockerCredentials === undefined ? {} : { dockerCredentials: this.dockerCredentials }),
      ...(this.hosts === undefined ? {} : { hosts: this.hosts }),
    });
  }
}

interface Built {
  readonly nodes: readonly Node[];
  readonly found: pulumi.Output<Found>;
}

interface Lifted {
  readonly machines: pulumi.Output<Omit<NodeOutput, "addresses" | "proxyCommand">[]>;
  readonly found: pulumi.Output<Found>;
}

const lifted = ({ nodes, found }: Built): Lifted => ({
  machines: pulumi.all(
    nodes.map(({ name, mac, role, host, domainId }) =>
      domainId.apply((id) => ({
        ...{ name, mac, role, domainId: id },
        ...(host === undefined ? {} : { host }),
      })),
    ),
  ),
  found,
});

/** Of what is made only when it is known what is there. */
const eventually = (building: Promise<Built>): Lifted => {
  const made = building.then(lifted);
  return {
    machines: pulumi.output(made.then(({ machines }) => machines)),
    found: pulumi.output(made.then(({ found }) => found)),
  };
};

type FoundNode = Pick<ClusterReport["nodes"][number], "name" | "addresses" | "throughHost">;

type Found = Pick<ClusterReport, "endpoints"> & { readonly nodes: readonly FoundNode[] };

/** Where each node is reached, and how where that is not directly, by its name. */
const ways = (
  report: Found,
  uris: Readonly<Record<string, string>>,
): Record<string, Pick<NodeOutput, "proxyCommand"> & { addresses: string[] }> =>
  Object.fromEntries(
    report.nodes.map(({ name, addresses, throughHost }) => [
      name,
      {
        addresses: [...addresses],
        ...(throughHost === true ? { proxyCommand: proxyCommand(uris[name] ?? "") } : {}),
      },
    ]),
  );

const sshCommand = (address: string, proxy: string | undefined): string =>
  shellCommand(["ssh", ...(proxy === undefined ? [] : ["-o", `ProxyCommand=${proxy}`]), `core@${address}`]);

/** What is known of a cluster that nobody waited for: given addresses, else names, which its network may resolve. */
const unseen = (plan: ClusterPlan): Found => ({
  nodes: plan.nodes.map(({ name, address }) => ({ name, addresses: address === undefined ? [] : [address] })),
  endpoints: plan.nodes
    .filter(({ role }) => role === "member")
    .map(({ name, address }) => `${rendering.schemeOf(plan)}://${address ?? name}:2379`),
});
