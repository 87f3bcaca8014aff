/** One node: its Ignition file, its disk over the base image, its machine. */
import * as pulumi from "@pulumi/pulumi";
import { Domain } from "@pulumi/libvirt/bin/domain.js";
import { Ignition } from "@pulumi/libvirt/bin/ignition.js";
import { Volume } from "@pulumi/libvirt/bin/volume.js";
import type { Mark } from "../host/mark.ts";
import type { ClusterPlan, NodePlan } from "../plan/types.ts";
import type { LeftoverHooks } from "./leftovers.ts";
import type { ClusterPool } from "./pool.ts";
import { domainStylesheet } from "./stylesheets.ts";

export interface NodeArgs {
  readonly plan: ClusterPlan;
  readonly node: NodePlan;
  /** What the volumes' names end in: a hash of all that shapes the disk but the discovery URL; known in a preview. */
  readonly fingerprint: string;
  /** The Ignition config, as JSON. */
  readonly ignition: pulumi.Input<string>;
  readonly pool: ClusterPool;
  readonly base: Volume;
  readonly mark: pulumi.Output<Mark>;
  readonly hooks: LeftoverHooks;
}

/**
 * A machine and what it boots from. Ignition runs on the first boot only, so the three are replaced together, and the
 * old ones go first: whatever lies on the host under a name that is about to be made is then a leftover.
 */
export class Node extends pulumi.ComponentResource {
  readonly name: string;
  readonly mac: string;
  /** libvirt's UUID of the domain: a new one whenever the machine was replaced. */
  readonly domainId: pulumi.Output<string>;

  constructor(args: NodeArgs, opts: pulumi.ComponentResourceOptions) {
    const { plan, node, base, hooks } = args;
    const { pool, host } = args.pool;
    super("coreos-cluster:index:Node", node.name, {}, opts);
    this.name = node.name;
    this.mac = node.mac;

    const fresh = { parent: this, deletedWith: host, deleteBeforeReplace: true };
    const ignition = new Ignition(
      `${node.name}-ignition`,
      { name: `${node.name}-${args.fingerprint}.ign`, pool: pool.name, content: args.ignition },
      { ...fresh, hooks: { beforeCreate: [hooks.volume] } },
    );
    const disk = new Volume(
      `${node.name}-disk`,
      {
        name: `${node.name}-${args.fingerprint}.qcow2`,
        pool: pool.name,
        baseVolumeId: base.id,
        size: node.diskSize,
        format: "qcow2",
      },
      { ...fresh, hooks: { beforeCreate: [hooks.volume] } },
    );
    const domain = new Domain(
      `${node.name}-domain`,
      {
        name: node.name,
        type: plan.domainType,
        memory: node.memory,
        vcpu: node.vcpus,
        ...(plan.domainType === "kvm" ? { cpu: { mode: "host-passthrough" } } : {}),
        coreosIgnition: ignition.id,
        fwCfgName: "opt/com.coreos/config",
        disks: [{ volumeId: disk.id }],
        // The provider reads MACs back in capitals: any other spelling would show as a change in each refresh.
        networkInterfaces: [{ bridge: plan.bridge, mac: node.mac.toUpperCase() }],
        xml: { xslt: args.mark.apply((mark) => domainStylesheet(mark, plan.pool.path)) },
      },
      { ...fresh, hooks: { beforeCreate: [hooks.domain], onError: [hooks.goneDomain] } },
    );
    this.domainId = domain.id;
    this.registerOutputs({ name: this.name, mac: this.mac, domainId: this.domainId });
  }
}
