/** The base image as a volume on the libvirt host: uploaded once, never changed, shared by the nodes' disks. */
import type * as pulumi from "@pulumi/pulumi";
import { Volume } from "@pulumi/libvirt/bin/volume.js";
import type { ImagePlan, FileImage } from "../plan/types.ts";
import type { LeftoverHooks } from "./leftovers.ts";
import type { ClusterPool } from "./pool.ts";

/** The volume's name: it carries the identity of the image's content. */
export const baseVolumeName = (image: FileImage): string =>
  `base-${image.sha256.slice(0, 16)}.${image.format}`;

/**
 * The resource's name carries the image's identity too: another image is another resource, made beside the old one,
 * which goes when no disk is over it any longer. That leaves the path: where the same content lies doesn't matter.
 */
export function makeBaseImage(
  name: string,
  image: ImagePlan,
  { pool, host }: ClusterPool,
  hooks: LeftoverHooks,
  parent: pulumi.Resource,
): Volume {
  if (image.kind !== "file") throw new Error("A base volume that is on the host already can't be used yet");
  return new Volume(
    `${name}-base-${image.sha256.slice(0, 16)}`,
    { name: baseVolumeName(image), pool: pool.name, source: image.path, format: image.format },
    {
      parent,
      deletedWith: host,
      ignoreChanges: ["source"],
      hooks: { beforeCreate: [hooks.volume] },
    },
  );
}
