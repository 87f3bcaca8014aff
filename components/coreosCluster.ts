/** A cluster: pool, base image, discovery, nodes, and the wait until etcd is healthy on all of its members. */
import * as pulumi from "@pulumi/pulumi";
import type { Credentials } from "../commands/way.ts";
import type { ClusterReport } from "../commands/readiness/report.ts";
import { proxyCommand } from "../host/remote.ts";
import { shellCommand } from "../host/shell.ts";
import * as rendering from "../ignition/index.ts";
import type { NodeTls } from "../ignition/index.ts";
import { founders, joiners } from "../plan/members.ts";
import type { ClusterPlan, NodePlan, Role } from "../plan/types.ts";
import { type Share, sharesOf } from "../plan/placement.ts";
import { makeCertificates } from "./certificates.ts";
import { keepSecretsOutOfDebugLog } from "./debugLog.ts";
import { makeDiscovery } from "./discovery.ts";
import { groundOf, makeGrounds } from "./grounds.ts";
import { initialClusterOf, makeJoin, makeMembership } from "./membership.ts";
import { claimNames } from "./names.ts";
import { Node } from "./node.ts";
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
    const discovery = makeDiscovery(name, plan, ignition.generation(plan), sites[0].uri, pools, this);
    const room = makeRoom(name, plan, discovery, sites[0].uri);
    const certificates = plan.tls === undefined ? undefined : makeCertificates(name, plan, plan.tls, this);
    const shared = { plan, mark: owner.mark };
    const secret = plan.secretKeys.length > 0;
    const make = (node: NodePlan, fingerprint: string, members?: pulumi.Output<string>): Node => {
      const rendered = pulumi
        .all([discovery.url, members, certificates?.of(node)])
        .apply(([discoveryUrl, initialCluster, tls]) =>
          ignition.renderIgnition(plan, node, {
            discoveryUrl,
            ...(initialCluster === undefined ? {} : { initialCluster }),
            ...(tls === undefined ? {} : { tls }),
          }),
        );
      const made = { ...shared, ...groundOf(grounds, node), node, fingerprint };
      // Who joins, or is no member, needs no token.
      const founds = members === undefined && node.role === "member";
      return new Node(
        { ...made, ignition: secretIf(secret, rendered), room: founds ? room : undefined },
        { parent: this },
      );
    };
    const joining = joiners(plan);
    const made = new Map(
      plan.nodes
        .filter((node) => !joining.includes(node))
        .map((node) => [node.name, make(node, ignition.fingerprint(plan, node))]),
    );
    let after: pulumi.Resource | undefined;
    for (const node of joining) {
      // Where the cluster begins: without that host there is no list of members to leave.
      const { host } = groundOf(grounds, founders(plan)[0] ?? node).pool;
      const fingerprint = ignition.fingerprint(plan, node);
      const before = [...made.values()].filter(({ role }) => role === "member");
      const args = {
        ...{ plan, node, fingerprint, sites, before, after },
        ...{ discoveryUrl: discovery.url, credentials: certificates?.client, host },
        hooks: groundOf(grounds, node).hooks.growth,
      };
      const join = makeJoin(args, this);
      const machine = make(node, fingerprint, initialClusterOf(join));
      after = makeMembership(args, join, machine, this);
      made.set(node.name, machine);
    }
    const nodes = plan.nodes.flatMap(({ name: node }) => made.get(node) ?? []);
    const found: pulumi.Output<Found> = waitUntilHealthy
      ? makeReadiness(
          name,
          { plan, nodes, sites, discoveryUrl: discovery.url, credentials: certificates?.client, after },
          this,
        )
      : pulumi.output(unseen(plan));

    // A Map would not come through pulumi.all.
    const reached = pulumi.all([found, urisOf(sites)]).apply(([report, uris]) => ways(report, uris));
    this.discoveryUrl = discovery.url;
    this.etcdEndpoints = found.apply(({ endpoints }) =>
      plan.tls === undefined ? endpoints : rendering.memberUrls(plan),
    );
    this.etcdCredentials = certificates?.client;
    this.dockerCredentials = certificates?.docker;
    this.nodes = pulumi.output(
      nodes.map(({ name: node, mac, role, host, domainId }) =>
        pulumi.all([domainId, reached]).apply(([id, all]) => ({
          ...{ name: node, mac, role, domainId: id },
          ...(host === undefined ? {} : { host }),
          ...{ addresses: [], ...all[node] },
        })),
      ),
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
      ...(this.etcdCredentials === undefined ? {} : { etcdCredentials: this.etcdCredentials }),
      ...(this.dockerCredentials === undefined ? {} : { dockerCredentials: this.dockerCredentials }),
      ...(this.hosts === undefined ? {} : { hosts: this.hosts }),
    });
  }
}

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

const secretIf = (secret: boolean, value: pulumi.Output<string>): pulumi.Output<string> =>
  secret ? pulumi.secret(value) : value;
