/** Wrong configs: image. */
import type { WrongConfig } from "./types.ts";

export default [
  {
    set: { image: undefined },
    says: "image is not set",
    right: "the path or http(s) URL of a qcow2 or raw disk image, or a map with source and what verifies it",
    mend: "pulumi config set image ./flatcar_production_qemu_image.img",
  },
  {
    set: { image: {} },
    says: "image.source is not set",
    right: "the path or http(s) URL of a qcow2 or raw disk image",
    mend: "pulumi config set --path image.source ./flatcar_production_qemu_image.img",
  },
  {
    set: { image: { source: "/i", sha265: "ab" } },
    says: 'image.sha265 is "ab"',
    right: "the key sha256; there is none of this name",
    mend: "pulumi config rm --path image.sha265 && pulumi config set --path image.sha256 ab",
  },
  {
    set: { image: { source: "/i", sha256: "abc" } },
    says: 'image.sha256 is "abc"',
    right: "the 64 hexadecimal digits that the image's publisher gives, or nothing",
    mend: "pulumi config rm --path image.sha256",
  },
  {
    set: {
      image: { source: "/i", sha512: "abababababababababababababababababababababababababababababababab" },
    },
    says: 'image.sha512 is "abababababababababababababababababababababababababababababa… (66 characters)',
    right: "the 128 hexadecimal digits that the image's publisher gives, or nothing",
    mend: "pulumi config rm --path image.sha512",
  },
  {
    set: { image: { source: "/i", insecure: "yes" } },
    says: 'image.insecure is "yes"',
    right: "true or false",
    mend: "pulumi config set --path image.insecure true",
  },
  {
    set: {
      image: {
        source: "/i",
        insecure: true,
        sha256: "abababababababababababababababababababababababababababababababab",
      },
    },
    says: "image.insecure is true",
    right: "false beside sha256: true means that the image is used without any verification",
    mend: "pulumi config set --path image.insecure false",
  },
  {
    set: { image: ["/i"] },
    says: 'image is ["/i"]',
    right: "the path or http(s) URL of a qcow2 or raw disk image, or a map with source and what verifies it",
    mend: "pulumi config set image ./flatcar_production_qemu_image.img",
  },
  {
    set: { baseVolume: { pool: "default", name: "x" } },
    says: 'baseVolume is {"pool":"default","name":"x"}',
    right: "not set beside image: the disks lie over one or the other",
    mend: "pulumi config rm baseVolume",
  },
  {
    set: { image: undefined, baseVolume: "default" },
    says: 'baseVolume is "default"',
    right: "a map with the names of a pool and a volume on the libvirt host",
    mend: "pulumi config rm baseVolume && pulumi config set --path baseVolume.pool default",
  },
  {
    set: { image: undefined, baseVolume: { pool: "a/b", name: "x" } },
    says: 'baseVolume.pool is "a/b"',
    right: "the name of a storage pool on the libvirt host, in letters, digits and _ . + @ : = , ~ -",
    mend: "pulumi config set --path baseVolume.pool default",
  },
  {
    set: { image: undefined, baseVolume: { pool: "default" } },
    says: "baseVolume.name is not set",
    right: "the name of a volume on the libvirt host",
    mend: "pulumi config set --path baseVolume.name flatcar.qcow2",
  },
] satisfies readonly WrongConfig[];
