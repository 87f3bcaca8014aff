/** One node: its Ignition file, its disk over the base image, its machine. */
import * as pulumi from "@pulumi/pulumi";
import { Domain, type DomainArgs } from "@pulumi/libvirt/bin/domain.js";
import { Ignition } from "@pulumi/libvirt/bin/ignition.js";
import { Volume } from "@pulumi/libvirt/bin/volume.js";
import type { Mark } from "../host/mark.ts";
import { OS_TRAITS } from "../plan/os.ts";
import type { ClusterPlan, NodePlan, Role } from "../plan/types.ts";
import { ARCHITECTURES, cpuMode, memoryOf } from "./architectures.ts";
import type { DiskBase } from "./baseImage.ts";
import type { LeftoverHooks } from "./leftovers.ts";
import type { ClusterPool } from "./pool.ts";
import type { Room } from "./room.ts";
import type { Site } from "./sites.ts";
import { domainStylesheet } from "./stylesheets.ts";

/** What a machine is made of. */
export interface NodeArgs {
  /** The cluster that it is one of. */
  readonly plan: ClusterPlan;
  /** Its own part of that. */
  readonly node: NodePlan;
  /** What the volumes' names end in: a hash of all that shapes the disk but the discovery URL; known in a preview. */
  readonly fingerprint: string;
  /** The Ignition config, as JSON. */
  readonly ignition: pulumi.Input<string>;
  /** The host that it is on. */
  readonly site: Site;
  /** Where its volumes lie. */
  readonly pool: ClusterPool;
  /** What its disk lies over. */
  readonly base: DiskBase;
  /** Whose it is: goes into the domain's metadata. */
  readonly mark: pulumi.Output<Mark>;
  /** What clears leftovers before something is made, and watches over its making. */
  readonly hooks: LeftoverHooks;
  /** Of a member that finds the others by a token. */
  readonly room?: Room | undefined;
  /** What must be there before anything of it is made, or made anew. */
  readonly after?: pulumi.Resource | undefined;
}

/**
 * A machine and what it boots from. Ignition runs on the first boot only, so the three are replaced together, and the
 * old ones go first: whatever lies on the host under a name that is about to be made is then a leftover.
 */
export class Node extends pulumi.ComponentResource {
  /** Domain name and host name. */
  readonly name: string;
  /** Lower case, with colons. */
  readonly mac: string;
  /** Whether it is an etcd member, or a client of those. */
  readonly role: Role;
  /** Name of the host that it is on; undefined where the plan has none to choose from. */
  readonly host: string | undefined;
  /** libvirt's UUID of the domain: a new one whenever the machine was replaced. */
  readonly domainId: pulumi.Output<string>;

  constructor(args: NodeArgs, opts: pulumi.ComponentResourceOptions) {
    const { plan, node, site, base, hooks, room } = args;
    const { pool, host } = args.pool;
    const provider = site.provider === undefined ? {} : { providers: [site.provider] };
    super("coreos-cluster:index:Node", node.name, {}, { ...opts, ...provider });
    this.name = node.name;
    this.mac = node.mac;
    this.role = node.role;
    this.host = site.host;

    const after = args.after === undefined ? [] : [args.after];
    const fresh = {
      ...{ parent: this, deletedWith: host, deleteBeforeReplace: true },
      ...(after.length === 0 ? {} : { dependsOn: after }),
    };
    const ignition = new Ignition(
      `${node.name}-ignition`,
      { name: `${node.name}-${args.fingerprint}.ign`, pool: pool.name, content: args.ignition },
      { ...fresh, hooks: hooks.volume },
    );
    const disk = new Volume(
      `${node.name}-disk`,
      {
        name: `${node.name}-${args.fingerprint}.qcow2`,
        pool: pool.name,
        ...base.volume,
        size: node.diskSize,
        format: "qcow2",
      },
      {
        ...fresh,
        hooks:
          room === undefined
            ? hooks.volume
            : { ...hooks.volume, beforeCreate: [room.hook, ...(hooks.volume.beforeCreate ?? [])] },
        dependsOn: [base.after, room?.after, ...after].filter((one) => one !== undefined),
      },
    );
    const cpu = cpuMode(plan.arch, plan.domainType);
    const domain = new Domain(
      `${node.name}-domain`,
      {
        name: node.name,
        type: plan.domainType,
        arch: plan.arch,
        memory: memoryOf(plan.arch, node.memory),
        vcpu: node.vcpus,
        ...(cpu === undefined ? {} : { cpu: { mode: cpu } }),
        ...bootSources(plan, ignition, disk),
        autostart: plan.autostart,
        // The provider reads MACs back in capitals: any other spelling would show as a change in each refresh.
        networkInterfaces: [{ bridge: site.bridge, mac: node.mac.toUpperCase() }],
        xml: { xslt: args.mark.apply((mark) => domainStylesheet(mark, site.pool.path, plan.arch)) },
      },
      {
        ...fresh,
        hooks: hooks.domain,
        // What libvirt chose for the machine at its start, read back as if the program had asked for another.
        ignoreChanges: ["firmware", "nvram"],
        // The provider takes these for changes that it can make to a machine that is there, and then makes none.
        replaceOnChanges: ["arch", "networkInterfaces"],
      },
    );
    this.domainId = domain.id;
    this.registerOutputs({ name: this.name, mac: this.mac, role: this.role, domainId: this.domainId });
  }
}

/**
 * The machine's disks, and where Ignition finds its config. The provider would make the disk for Ignition itself, but by the
 * architecture of the host instead of the machine's, and a refresh would take it for a change: so it is a disk as any other,
 * and ignition-disk.xsl gives it its serial number.
 */
function bootSources(plan: ClusterPlan, ignition: Ignition, disk: Volume): Partial<DomainArgs> {
  const own = { volumeId: disk.id };
  if (ARCHITECTURES[plan.arch].ignition === "fw_cfg")
    return { coreosIgnition: ignition.id, fwCfgName: OS_TRAITS[plan.os].fwCfgKey, disks: [own] };
  // The id of an Ignition resource: its volume's path, a semicolon, a UUID.
  return { disks: [own, { volumeId: ignition.id.apply((id) => id.replace(/;[^;]*$/, "")) }] };
}
