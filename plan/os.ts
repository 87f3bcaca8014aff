/** What the program knows of each operating system. docs/profiles.md shows the same as a table. */
import type { Architecture, OsFamily } from "./types.ts";

export interface OsTraits {
  /** MiB below which the system does not come up, or etcd does not. */
  readonly memoryFloor: number;
  /** MiB where the config says nothing. */
  readonly memoryDefault: number;
  /** QEMU's fw_cfg item from which Ignition reads its config; on s390x and ppc64le a disk with serial `ignition` takes its place. */
  readonly fwCfgKey: string;
  /** The major version of Ignition's spec that nodes get where no Butane asks for another: what all releases read. */
  readonly ignition: 2 | 3;
  /** The highest version of Ignition's spec that the system reads. */
  readonly highestSpec: string;
  /** What etcd is: Container Linux's unit, or one that our profile brings (Podman quadlet). */
  readonly etcd: "etcd-member" | "quadlet";
  /** etcd's version where the config says nothing; undefined: the one that the system brings. */
  readonly etcdVersion?: string;
  /** Who sets the network up. */
  readonly network: "networkd" | "networkmanager";
  /** Who keeps the time. */
  readonly time: "timesyncd" | "chrony";
  /** Who updates and restarts the system by itself; undefined: nobody. */
  readonly updates?: "update-engine" | "zincati";
  /**
   * The file with the node's addresses that configs written for this system read. METADATA_FILE, which ct's drop-ins read, is
   * there as well.
   */
  readonly metadataFile: string;
  /** What the names of the addresses in it begin with. */
  readonly metadataPrefixes: readonly string[];
  /** The folder for programs of ours; /usr can't be written on any of them. */
  readonly programs: string;
  /** Whether the image brings QEMU's guest agent. */
  readonly agent: boolean;
  readonly architectures: readonly Architecture[];
}

/** What ct writes as EnvironmentFile into the units that it makes. */
export const METADATA_FILE = "/run/metadata/coreos";

/**
 * The newest line of etcd that still finds its members by a v2 discovery URL: 3.6 removed it
 * (https://etcd.io/blog/2025/announcing-etcd-3.6/).
 */
export const ETCD_WITH_V2 = "3.5.21";

const COREOS_CONFIG = "opt/com.coreos/config";

/** ct's names on platform "custom", and those of the classic providers, which configs for Flatcar use too. */
const COREOS_NAMES = ["COREOS_CUSTOM", "COREOS"];

/**
 * Memory: Flatcar unpacks /usr's verity initramfs in memory and its own libvirt guide starts guests with 1 GiB; Container Linux
 * was run with 384 MiB in the field; Fedora CoreOS's own guides use 2 GiB. The lab image was measured: it boots with 160 MiB.
 *
 * Other sources:
 * - Flatcar reads Ignition 3 since 3185, with spec 3.3, and 2.x as ever
 *   (https://www.flatcar.org/docs/latest/provisioning/ignition/specification/); Ignition 2.15, which brought 3.4, came with 3549.
 * - Ignition versions and specs: https://coreos.github.io/ignition/specs/. Fedora CoreOS follows Ignition's releases.
 * - Guest agent: in Flatcar's image since 3417 for x86_64 (flatcar-archive/coreos-overlay#2240), since the end of 2024 for
 *   aarch64 too (flatcar/Flatcar#1593); none in Fedora CoreOS, by design (coreos/fedora-coreos-tracker#74).
 * - etcd: Flatcar's etcd-wrapper runs the official image by Docker, by now one of 3.6, so a version is pinned here.
 * - Fedora CoreOS: /usr/local and /opt lie in /var there, but only /usr/local/bin has a label that lets systemd run programs.
 * - Metadata: Flatcar's own agent writes /run/metadata/flatcar (COREOS_...), Afterburn /run/metadata/afterburn (AFTERBURN_...).
 *
 * Architectures are those that images are, or were, published for. Container Linux was built for x86_64 and, until 2018, for
 * aarch64. i686 has no published image in any family; a Debian image in the manner of the lab's can be made for it, `npm start`
 * makes one for x86_64 only.
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
    updates: "update-engine",
    metadataFile: METADATA_FILE,
    metadataPrefixes: COREOS_NAMES,
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
    etcdVersion: ETCD_WITH_V2,
    network: "networkd",
    time: "timesyncd",
    updates: "update-engine",
    metadataFile: "/run/metadata/flatcar",
    metadataPrefixes: COREOS_NAMES,
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
    etcdVersion: ETCD_WITH_V2,
    network: "networkmanager",
    time: "chrony",
    updates: "zincati",
    metadataFile: "/run/metadata/afterburn",
    metadataPrefixes: [...COREOS_NAMES, "AFTERBURN"],
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
    metadataFile: METADATA_FILE,
    metadataPrefixes: COREOS_NAMES,
    programs: "/opt/coreos-cluster",
    agent: true,
    architectures: ["x86_64", "i686"],
  },
};

export const OS_FAMILIES = Object.keys(OS_TRAITS) as OsFamily[];

/** The kernel's name of the serial console that each architecture's machine has, as the systems' QEMU images set it. */
export const CONSOLES: Readonly<Record<Architecture, string>> = {
  x86_64: "ttyS0",
  i686: "ttyS0",
  aarch64: "ttyAMA0",
  s390x: "ttysclp0",
  ppc64le: "hvc0",
};
