/** A cluster: pool, base image, discovery, nodes, and the wait until etcd is healthy on all of them. */
import * as pulumi from "@pulumi/pulumi";
import * as rendering from "../ignition/index.ts";
import type { ClusterPlan, NodePlan } from "../plan/types.ts";
import { makeBaseImage } from "./baseImage.ts";
import { connectionUri } from "./connection.ts";
import { makeDiscovery } from "./discovery.ts";
import { leftoverHooks } from "./leftovers.ts";
import { Node } from "./node.ts";
import { makeOwner } from "./owner.ts";
import { makePool } from "./pool.ts";
import { makeReadiness } from "./readiness.ts";

/** Makes the nodes' Ignition configs; `ignition/` by default. */
export interface IgnitionRenderer {
  /** A hash of all that shapes a fresh cluster: another one means another discovery URL. */
  generation(plan: ClusterPlan): string;
  /** A hash of all that shapes a node's disk, but for the discovery URL. */
  fingerprint(plan: ClusterPlan, node: NodePlan): string;
  renderIgnition(plan: ClusterPlan, node: NodePlan, bootstrap: { readonly discoveryUrl: string }): string;
}

export interface CoreOSClusterArgs {
  readonly plan: ClusterPlan;
  readonly ignition?: IgnitionRenderer;
}

export interface NodeOutput {
  readonly name: string;
  readonly mac: string;
  readonly addresses: readonly string[];
  /** libvirt's UUID of the domain. */
  readonly domainId: string;
}

export class CoreOSCluster extends pulumi.ComponentResource {
  readonly nodes: pulumi.Output<NodeOutput[]>;
  /** Client URLs of the etcd members. */
  readonly etcdEndpoints: pulumi.Output<readonly string[]>;
  readonly discoveryUrl: pulumi.Output<string>;
  /** By node name. */
  readonly sshCommands: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: CoreOSClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("coreos-cluster:index:CoreOSCluster", name, {}, opts);
    const { plan, ignition = rendering } = args;
    const uri = connectionUri(opts);
    const owner = makeOwner(name, this);
    const hooks = leftoverHooks(
      name,
      uri,
      owner,
      plan.nodes.map((node) => node.name),
    );

    const pool = makePool(name, { plan, uri, owner: owner.id, hooks }, this);
    const base = makeBaseImage(name, plan.image, pool, hooks, this);
    const discovery = makeDiscovery(name, plan, ignition.generation(plan), pool.pool, this);
    const nodes = plan.nodes.map(
      (node) =>
        new Node(
          {
            ...{ plan, node, pool, base, hooks, mark: owner.mark },
            fingerprint: ignition.fingerprint(plan, node),
            ignition: secretIf(
              plan.secretKeys.length > 0,
              discovery.url.apply((discoveryUrl) => ignition.renderIgnition(plan, node, { discoveryUrl })),
            ),
          },
          { parent: this },
        ),
    );
    const report = makeReadiness(name, { plan, nodes, uri, discoveryUrl: discovery.url }, this);

    const addresses = report.apply(
      ({ nodes: members }) => new Map(members.map((m) => [m.name, m.addresses])),
    );
    this.discoveryUrl = discovery.url;
    this.etcdEndpoints = report.apply(({ endpoints }) => endpoints);
    this.nodes = pulumi.output(
      nodes.map(({ name: node, mac, domainId }) => ({
        ...{ name: node, mac, domainId },
        addresses: addresses.apply((all) => [...(all.get(node) ?? [])]),
      })),
    );
    this.sshCommands = addresses.apply((all) =>
      Object.fromEntries([...all].map(([node, [address = node]]) => [node, `ssh core@${address}`])),
    );
    this.registerOutputs({
      nodes: this.nodes,
      etcdEndpoints: this.etcdEndpoints,
      discoveryUrl: this.discoveryUrl,
      sshCommands: this.sshCommands,
    });
  }
}

const secretIf = (secret: boolean, value: pulumi.Output<string>): pulumi.Output<string> =>
  secret ? pulumi.secret(value) : value;
