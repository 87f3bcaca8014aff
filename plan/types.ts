/** The plan of a cluster: plain readonly values, all defaults applied, all checks passed. */

import type { ProfileName } from "./profiles.ts";

/** Operating systems whose first boot and etcd the program knows how to drive. */
export type OsFamily = "container-linux" | "flatcar" | "fedora-coreos" | "lab";

/** How QEMU runs a domain: with hardware virtualisation or by emulation (libvirt's domain `type`). */
export type DomainType = "kvm" | "qemu";

/** Processor architectures, as libvirt names them. */
export type Architecture = "x86_64" | "i686" | "aarch64" | "s390x" | "ppc64le";

/** Whether a machine is an etcd member, or one without etcd that points at the cluster. */
export type Role = "member" | "client";

/** A file that the config names: its text, and where it lies. */
export interface SourceFile {
  /** As the config names it, which is what messages call it. */
  readonly source: string;
  /** Absolute path; what the file itself names lies relative to its folder. */
  readonly path: string;
  readonly text: string;
}

/** How the members of a new cluster find each other. */
export type DiscoveryPlan =
  /** GET `<endpoint>/new?size=N` at a public discovery service. */
  | { readonly mode: "service"; readonly endpoint: string }
  /** A self-hosted etcd v2 registry: PUT `<endpoint>/v2/keys/discovery/<token>/_config/size`. */
  | { readonly mode: "etcd"; readonly endpoint: string }
  /** A discovery URL that somebody else obtained. */
  | { readonly mode: "url"; readonly url: string }
  /** No discovery: every member is told all names and peer URLs. */
  | { readonly mode: "static" }
  /** etcd's v3 discovery (`--discovery-token`, `--discovery-endpoints`), for etcd 3.6 and newer. Without a token one is made. */
  | { readonly mode: "v3"; readonly endpoints: readonly string[]; readonly token?: string };

/** The base image: a file that is uploaded, or a volume that is on the libvirt host already. */
export type ImagePlan = FileImage | VolumeImage;

/** What the config says of the base image file: where it is and how it is verified. */
export interface ImageRequest {
  /** A path, or an http(s) URL; packed (.bz2, .gz, .xz, .zst) or not. */
  readonly source: string;
  /** Of the file as it is published (packed), lower-case hex. */
  readonly sha256?: string;
  readonly sha512?: string;
  /** Path or URL of a detached OpenPGP signature; where nothing is given, `<source>.sig` is tried. */
  readonly signature?: string;
  /** Whose key must have signed: an OS family, or the path of a public key file; by default the family of `os`. */
  readonly signedBy?: string;
  /** Used without any verification, with a warning on each run. */
  readonly insecure?: boolean;
}

/** A volume on the libvirt host that is somebody else's: disks lie over it, it is neither made nor removed. */
export interface VolumeImage {
  readonly kind: "volume";
  readonly pool: string;
  readonly name: string;
}

/** A verified, unpacked image on the machine where Pulumi runs. */
export interface FileImage {
  readonly kind: "file";
  /** Absolute path. */
  readonly path: string;
  /** Of the file's content, lower-case hex: the image's identity. */
  readonly sha256: string;
  readonly format: "qcow2" | "raw";
  /** Virtual size in bytes: the least that a disk over it can have. */
  readonly virtualSize: number;
}

/** Mutual TLS between the members, and between them and their clients, with an authority of the cluster's own. */
export interface TlsPlan {
  /** Another text means other keys and certificates, the authority's among them. */
  readonly rotation: string;
}

/** Which nodes were made anew in a cluster that runs (plan/rejoin.ts). */
export interface RejoinPlan {
  /** Of the cluster, as long as it lives. */
  readonly generation: string;
  /** What tells it from others of the same generation. */
  readonly life: string;
  /** The generation that the config would be of, if a cluster were to begin with it: it counts as `generation`. Absent where they are the same. */
  readonly config?: string;
  /** By the node's name: its place in the order of all that were made anew, from 1. */
  readonly turns: Readonly<Record<string, number>>;
}

export interface PoolPlan {
  readonly name: string;
  /** The pool's folder on the libvirt host; a folder of this cluster's own. */
  readonly path: string;
}

/** One of several libvirt hosts. */
export interface HostPlan {
  /** What it is called: part of the names of the resources that are on it. */
  readonly name: string;
  /** The libvirt connection. */
  readonly uri: string;
  readonly bridge: string;
  /** How many machines it gets for each that a host of weight 1 gets. */
  readonly weight: number;
  /** The cluster's pool there. */
  readonly pool: PoolPlan;
}

export interface NodePlan {
  /** An RFC 1123 label: domain name, host name and etcd member name. */
  readonly name: string;
  /** `52:54:00:xx:xx:xx`, derived from the name. */
  readonly mac: string;
  /** MiB. */
  readonly memory: number;
  readonly vcpus: number;
  /** Bytes. */
  readonly diskSize: number;
  readonly role: Role;
  /** Names of its profiles (ignition/profiles), in the order in which they are merged; unused where the plan has `ignition`. */
  readonly profiles: readonly ProfileName[];
  /** The user's own configs beside the profiles, in their order: those for all nodes, then this node's own. */
  readonly snippets: readonly SourceFile[];
  /** The IPv4 address that the user's DHCP server reserves for its MAC, where the config says so. */
  readonly address?: string;
  /** A member that joins a cluster which is there, whatever its name sorts before (plan/members.ts). */
  readonly joins?: true;
  /** Name of the host that it is on; absent where the plan has no `hosts`. */
  readonly host?: string;
}

export interface ClusterPlan {
  /** What the names of nodes and pool begin with; unique per cluster on one host and bridge. */
  readonly prefix: string;
  readonly os: OsFamily;
  readonly arch: Architecture;
  readonly image: ImagePlan;
  readonly pool: PoolPlan;
  readonly bridge: string;
  /** By name; absent where all machines are on the one host that the provider is connected to, with `pool` and `bridge`. */
  readonly hosts?: readonly HostPlan[];
  readonly domainType: DomainType;
  /** Whether libvirt starts the machines when their host boots. */
  readonly autostart: boolean;
  /** In the order of their names. */
  readonly nodes: readonly NodePlan[];
  /** The user's own config in place of all profiles. */
  readonly ignition?: SourceFile;
  /** etcd's version (`3.5.21`); undefined: the one that the system, or our container unit, brings. */
  readonly etcdVersion?: string;
  /** NTP servers of the profile ntp; empty: those that the system has. */
  readonly ntpServers: readonly string[];
  /** `address:port` of the profile docker-remote's socket. */
  readonly dockerListen: string;
  /** Where the profile metadata-remote asks for the node's addresses. */
  readonly metadataUrl?: string;
  readonly discovery: DiscoveryPlan;
  /** Undefined: etcd, and Docker's API, are served without TLS. */
  readonly tls?: TlsPlan;
  /** How many members a new cluster begins with; the others join it (plan/members.ts). 0 where no node is a member. */
  readonly bootstrapSize: number;
  /** Undefined: all members are as the cluster began, or as they joined it. */
  readonly rejoin?: RejoinPlan;
  readonly sshAuthorizedKeys: readonly string[];
  /** Seconds that the cluster may take from start to healthy. */
  readonly readinessTimeout: number;
  /** What is allowed but likely not what the user wants: one sentence each, to be shown on every run. */
  readonly warnings: readonly string[];
  /** Config keys whose values are marked as secret: what is made of them stays secret in outputs and state. */
  readonly secretKeys: readonly string[];
}
