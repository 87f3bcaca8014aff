/** Config keys of the machines themselves. */
import { DEFAULTS, ARCHITECTURES } from "../defaults.ts";
import { OS_FAMILIES } from "../os.ts";
import { formatSize } from "../sizes.ts";
import { oneOf } from "../words.ts";
import type { KeyTable } from "./types.ts";

const FAMILIES = oneOf(OS_FAMILIES);
const ARCHES = oneOf(ARCHITECTURES);

const memory = {
  description: "Memory of each node, in MiB or with a unit (1GiB)",
  expected: 'a number of MiB, or a size such as "1GiB"',
  example: "2GiB",
};
const vcpus = {
  description: "Virtual CPUs of each node",
  expected: "a whole number from 1 to 255",
  example: "1",
};
const diskSize = {
  description: "Size of each node's disk, in GiB or with a unit (8GiB); it grows as it is used",
  expected: 'a number of GiB, or a size such as "16GiB"',
  example: "16GiB",
};
const role = {
  description: "What the nodes are: member (of the etcd cluster) or client (without etcd)",
  expected: "member or client",
  example: "member",
};

export const MACHINE_KEYS = {
  nodes: {
    description:
      "How many nodes the cluster has, from 1 to 99, or a map from their names to what is different for each",
    expected: "a whole number from 1 to 99, or a map from names of machines to what is different for each",
    example: "3",
    default: `\`${DEFAULTS.nodes}\``,
    details:
      "A number makes nodes that are all alike, with two-digit numbers behind the `prefix`: `dev-core01`. A map names each " +
      "machine by itself, see [Machines by name](#machines-by-name). A node's name is its host name, its libvirt domain's " +
      "name and its etcd member's name. An even number of members brings a warning: it survives no more failures than one " +
      "member less.",
    parts: {
      memory: { ...memory, description: "its memory" },
      vcpus: { ...vcpus, description: "its virtual CPUs" },
      diskSize: { ...diskSize, description: "the size of its disk" },
      mac: {
        description: "its MAC address, in any usual spelling; derived from its name where it is not given",
        expected: "a MAC address such as 52:54:00:12:34:56",
        example: "52:54:00:12:34:56",
      },
      address: {
        description:
          "the IPv4 address that your DHCP server reserves for its MAC; no two nodes can have the same",
        expected: "an IPv4 address such as 10.0.0.11",
        example: "10.0.0.11",
      },
      host: {
        description:
          "which of the `hosts` it is on, by its name; by default that follows from names and weights",
        expected: "the name of one of the hosts",
        example: "second",
      },
      role: { ...role, description: "`member` or `client`" },
      profiles: {
        description: "its profiles, in place of those for all nodes",
        expected: "a list of profiles, or their names with commas between",
        example: "base,metadata-local,etcd",
      },
      snippets: {
        description: "its own snippets, merged after those for all nodes",
        expected: "a list of paths of Butane or Container Linux Configs",
        example: "./snippet.yaml",
      },
      joins: {
        description:
          "`true`: a member that joins a cluster which is there, whatever its name; see [day-two.md](day-two.md)",
        expected: "true or false",
        example: "true",
      },
    },
  },
  prefix: {
    description: "What the names of nodes and pool begin with; <stack>-core by default",
    expected:
      "a host name's beginning (RFC 1123): a-z, 0-9 and -, at most 61 characters, with a letter in it",
    example: "dev-core",
    default: "`<stack>-core`",
    details:
      "MAC addresses are derived from the nodes' names; so two clusters on one bridge or one host need two prefixes. " +
      "The storage pool has the prefix as its name, also where `nodes` is a map.",
  },
  role: {
    ...role,
    default: `\`${DEFAULTS.role}\``,
    details:
      "A client runs no etcd and points at the cluster: `etcdctl` on it asks the members. Clients can be added, changed and " +
      "removed without touching any other machine. A cluster without members is allowed: machines, and no etcd.",
  },
  memory: {
    ...memory,
    default: "by `os`",
    details:
      "`1024` and `1GiB` are the same. What each system needs at least is in [the table](#operating-systems).",
  },
  vcpus: { ...vcpus, default: `\`${DEFAULTS.vcpus}\`` },
  diskSize: {
    ...diskSize,
    default: `\`${formatSize(DEFAULTS.diskSize)}\`, or the image's virtual size where that is more`,
    details:
      "`20` and `20GiB` are the same. At least the image's virtual size; over a `baseVolume`, whose size is not known beforehand, that is up to you. " +
      "The disk takes up only what is written to it.",
  },
  os: {
    description: `The image's operating system: ${FAMILIES}`,
    expected: FAMILIES,
    example: DEFAULTS.os,
    default: `\`${DEFAULTS.os}\``,
    details: "`lab` is the image that `npm start` builds. See [Operating systems](#operating-systems).",
  },
  arch: {
    description: `The nodes' processor architecture: ${ARCHES}`,
    expected: ARCHES,
    example: DEFAULTS.arch,
    default: `\`${DEFAULTS.arch}\``,
    details:
      "The image must be one for it. Which systems exist for which is in [the table](#operating-systems).",
  },
  image: {
    description:
      "The base image: a path or http(s) URL of a qcow2 or raw disk image, or a map with what verifies it",
    expected:
      "the path or http(s) URL of a qcow2 or raw disk image, or a map with source and what verifies it",
    example: "./flatcar_production_qemu_image.img",
    default: "",
    details:
      "This, or `baseVolume`, must be set. A path is absolute, from the project's folder, or has `~/` in front. What counts is the content: the same image at another path changes " +
      "nothing, other content at the same path rebuilds the cluster. See [The image](#the-image).",
    parts: {
      source: {
        description: "path or URL of the image, packed (.bz2, .gz, .xz, .zst) or not",
        expected: "the path or http(s) URL of a qcow2 or raw disk image",
        example: "./flatcar_production_qemu_image.img",
      },
      sha256: {
        description: "SHA-256 of the file as it is published, in hex",
        expected: "a checksum of 64 hexadecimal digits",
        example: '"$(sha256sum < ./image.img)"',
      },
      sha512: {
        description: "SHA-512 of the file as it is published, in hex",
        expected: "a checksum of 128 hexadecimal digits",
        example: '"$(sha512sum < ./image.img)"',
      },
      signature: {
        description: "path or URL of the detached OpenPGP signature; by default `<source>.sig`",
        expected: "the path or http(s) URL of a detached OpenPGP signature",
        example: "./flatcar_production_qemu_image.img.sig",
      },
      signedBy: {
        description:
          "whose key must have signed: an operating system's name, or the path of a public key file; by default that of `os`",
        expected: "an operating system's name, or the path of a public key file",
        example: DEFAULTS.os,
      },
      insecure: {
        description: "`true`: use it without any verification, with a warning on each run",
        expected: "true or false",
        example: "false",
      },
    },
  },
  baseVolume: {
    description:
      "A volume on the libvirt host that the disks lie over, in place of image: a map with pool and name",
    expected: "a map with the names of a pool and a volume on the libvirt host",
    example: "default",
    within: ["pool"],
    default: "none",
    details:
      "Many stacks can share one such volume without a copy each. It is neither made, changed nor removed; it has to stay as it is while disks lie over it.",
    parts: {
      pool: {
        description: "the storage pool's name",
        expected: "the name of a storage pool on the libvirt host",
        example: "default",
      },
      name: {
        description: "the volume's name",
        expected: "the name of a volume on the libvirt host",
        example: "flatcar.qcow2",
      },
    },
  },
} as const satisfies KeyTable;
