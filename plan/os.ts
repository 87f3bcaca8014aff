/** What the program knows of each operating system. docs/configuration.md shows the same as a table. */
import type { Architecture, OsFamily } from "./types.ts";

export interface OsTraits {
  /** MiB below which the system does not come up, or etcd does not. */
  readonly memoryFloor: number;
  /** MiB where the config says nothing. */
  readonly memoryDefault: number;
  /** QEMU's fw_cfg item from which Ignition reads its config. */
  readonly fwCfgKey: string;
  /** The major version of Ignition's spec that nodes get where no Butane asks for another: what all releases read. */
  readonly ignition: 2 | 3;
  /** The highest version of Ignition's spec that the system reads. */
  readonly highestSpec: string;
  /** What etcd is: Container Linux's unit, or one that our profile brings (Podman quadlet). */
  readonly etcd: "etcd-member" | "quadlet";
  /** Who sets the network up. */
  readonly network: "networkd" | "networkmanager";
  /** Who keeps the time. */
  readonly time: "timesyncd" | "chrony";
  /** The folder for programs of ours; /usr can't be written on any of them. */
  readonly programs: string;
  /** Whether the image brings QEMU's guest agent. */
  readonly agent: boolean;
  readonly architectures: readonly Architecture[];
}

const COREOS_CONFIG = "opt/com.coreos/config";

/**
 * Flatcar unpacks /usr's verity initramfs in memory and its own libvirt guide starts guests with 1 GiB; Container Linux was
 * run with 384 MiB in the field; Fedora CoreOS's own guides use 2 GiB. The lab image was measured: it boots with 160 MiB.
 */
export const OS_TRAITS: Readonly<Record<OsFamily, OsTraits>> = {
  "container-linux": {
    memoryFloor: 384,
    memoryDefault: 1024,
    fwCfgKey: COREOS_CONFIG,
    ignition: 2,
    highestSpec: "2.3",
    etcd: "etcd-member",
    network: "networkd",
    time: "timesyncd",
    programs: "/opt/coreos-cluster",
    agent: false,
    architectures: ["x86_64", "aarch64"],
  },
  flatcar: {
    memoryFloor: 1024,
    memoryDefault: 2048,
    fwCfgKey: COREOS_CONFIG,
    ignition: 2,
    highestSpec: "3.4",
    etcd: "etcd-member",
    network: "networkd",
    time: "timesyncd",
    programs: "/opt/coreos-cluster",
    agent: true,
    architectures: ["x86_64", "aarch64"],
  },
  "fedora-coreos": {
    memoryFloor: 1024,
    memoryDefault: 2048,
    fwCfgKey: COREOS_CONFIG,
    ignition: 3,
    highestSpec: "3.5",
    etcd: "quadlet",
    network: "networkmanager",
    time: "chrony",
    programs: "/usr/local/bin",
    agent: false,
    architectures: ["x86_64", "aarch64", "s390x", "ppc64le"],
  },
  lab: {
    memoryFloor: 256,
    memoryDefault: 512,
    fwCfgKey: COREOS_CONFIG,
    ignition: 3,
    highestSpec: "3.3",
    etcd: "etcd-member",
    network: "networkd",
    time: "timesyncd",
    programs: "/opt/coreos-cluster",
    agent: true,
    architectures: ["x86_64"],
  },
};

export const OS_FAMILIES = Object.keys(OS_TRAITS) as OsFamily[];
