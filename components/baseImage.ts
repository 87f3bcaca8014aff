/** What the nodes' disks lie over: a volume that is made from the image file, or one that is on the host already. */
import * as pulumi from "@pulumi/pulumi";
import { Command } from "@pulumi/command/local/command.js";
import { Volume, type VolumeArgs } from "@pulumi/libvirt/bin/volume.js";
import type { ClusterPlan, FileImage, VolumeImage } from "../plan/types.ts";
import type { LeftoverHooks } from "./leftovers.ts";
import type { ClusterPool } from "./pool.ts";
import { program } from "./programs.ts";
import { type Site, siteName } from "./sites.ts";

/** How a disk names the volume that it lies over. */
export interface DiskBase {
  readonly volume: Pick<VolumeArgs, "baseVolumeId" | "baseVolumeName" | "baseVolumePool">;
  /** What has to be there before a disk. */
  readonly after?: pulumi.Resource;
}

export interface BaseImageArgs {
  readonly plan: ClusterPlan;
  readonly pool: ClusterPool;
  readonly site: Site;
  readonly hooks: LeftoverHooks;
}

/** The volume's name: it carries the identity of the image's content. */
export const baseVolumeName = (image: FileImage): string =>
  `base-${image.sha256.slice(0, 16)}.${image.format}`;

export function makeBaseImage(name: string, args: BaseImageArgs, parent: pulumi.Resource): DiskBase {
  const { image } = args.plan;
  return image.kind === "file" ? made(name, image, args, parent) : given(name, image, args, parent);
}

/**
 * Uploaded once, never changed, shared by the nodes' disks. The resource's name carries the image's identity too: another
 * image is another resource, made beside the old one, which goes when no disk is over it any longer. (The provider has
 * no update of a volume: it would delete the base under its disks and make it again.) That leaves the path, and where the
 * same content lies doesn't matter.
 */
function made(
  name: string,
  image: FileImage,
  { pool, site, hooks }: BaseImageArgs,
  parent: pulumi.Resource,
): DiskBase {
  const volume = new Volume(
    siteName(site, `${name}-base-${image.sha256.slice(0, 16)}`),
    { name: baseVolumeName(image), pool: pool.pool.name, source: image.path, format: image.format },
    {
      parent,
      ...(site.provider === undefined ? {} : { provider: site.provider }),
      deletedWith: pool.host,
      ignoreChanges: ["source"],
      hooks: hooks.volume,
    },
  );
  return { volume: { baseVolumeId: volume.id } };
}

/** Somebody else's: that it is there and fits is checked before the first disk; it is neither made nor removed. */
function given(
  name: string,
  image: VolumeImage,
  { pool, site }: BaseImageArgs,
  parent: pulumi.Resource,
): DiskBase {
  const check = new Command(
    siteName(site, `${name}-base-volume`),
    {
      ...program("host"),
      create: "check-volume",
      update: "check-volume", // a smaller disk, or another host
      environment: {
        LIBVIRT_URI: site.uri,
        POOL: image.pool,
        VOLUME: image.name,
        LEAST_DISK: String(Math.min(...site.nodes.map((node) => node.diskSize))),
      },
      triggers: [image.pool, image.name],
    },
    { parent, dependsOn: pool.host },
  );
  return { volume: { baseVolumePool: image.pool, baseVolumeName: image.name }, after: check };
}
