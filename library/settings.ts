/** What a cluster can be told by a program: the config keys as typed values. docs/configuration.md describes each at length. */
import type { ProfileName } from "../plan/profiles.ts";
import type { Architecture, DiscoveryPlan, DomainType, ImageRequest, OsFamily, Role } from "../plan/types.ts";

/** A size: a number in the unit that the setting names, or a text with a unit (`"2GiB"`; MiB, GiB, TiB). */
export type Size = number | string;

/** What one machine has of its own; all else is as for the others. */
export interface NodeSettings {
  /** MiB, or with a unit. */
  readonly memory?: Size;
  /** Virtual CPUs, 1 to 255. */
  readonly vcpus?: number;
  /** GiB, or with a unit. */
  readonly diskSize?: Size;
  /** Six pairs of hex digits. Default: derived from the name. */
  readonly mac?: string;
  /** The IPv4 address that the DHCP server reserves for it. Default: found out when it runs. */
  readonly address?: string;
  /** Which of `hosts` it is on, by name. Default: by names and weights. */
  readonly host?: string;
  /** Whether it is an etcd member. Default: the cluster's `role`. */
  readonly role?: Role;
  /** In place of the profiles of its role. */
  readonly profiles?: readonly ProfileName[];
  /** Paths of further configs, after those for all nodes. */
  readonly snippets?: readonly string[];
  /** A member that joins a cluster which is there, whatever its name. */
  readonly joins?: boolean;
}

/** A discovery mode with its parts; a service without endpoint is etcd's public one. */
export type DiscoverySettings =
  { readonly mode: "service"; readonly endpoint?: string } | Exclude<DiscoveryPlan, { mode: "service" }>;

/** One of several libvirt hosts. */
export interface HostSettings {
  /** libvirt's connection URI. */
  readonly uri: string;
  /** Default: made of the URI's host name, or `local`. */
  readonly name?: string;
  /** How many machines it gets for each that a host of weight 1 gets, 1 to 1000. Default: 1. */
  readonly weight?: number;
  /** Default: the cluster's `bridge`. */
  readonly bridge?: string;
  /** Default: the cluster's `poolPath`. */
  readonly poolPath?: string;
}

/** One of `image` and `baseVolume` is needed, and `sshAuthorizedKeys`; all else has a default. */
export interface ClusterSettings {
  /** How many members, 1 to 99 (default 3), or a map from whole machine names to what each has of its own. */
  readonly nodes?: number | Readonly<Record<string, NodeSettings>>;
  /** Beginning of the names of machines and pool; unique per host and bridge. Default: `<stack>-core`. */
  readonly prefix?: string;
  /** Of machines that say nothing else: `member` (default) or `client`. */
  readonly role?: Role;
  /** Of each machine: MiB, or with a unit. Default: what the system needs to work well. */
  readonly memory?: Size;
  /** Virtual CPUs of each machine, 1 to 255. Default: 1. */
  readonly vcpus?: number;
  /** Of each machine: GiB, or with a unit. Default: 8 GiB, or the image's size where that is larger. */
  readonly diskSize?: Size;
  /** The libvirt host's bridge. Default: `br0`. */
  readonly bridge?: string;
  /** Libvirt hosts that the machines are spread over. Default: the one of the provider. */
  readonly hosts?: readonly HostSettings[];
  /** `kvm` (default), or `qemu`: emulation. */
  readonly domainType?: DomainType;
  /** The machines' architecture. Default: `x86_64`. */
  readonly arch?: Architecture;
  /** The image's operating system. Default: `flatcar`. */
  readonly os?: OsFamily;
  /** Path or URL of the base image, or an object that says how it is verified, too. */
  readonly image?: string | ImageRequest;
  /** Instead of `image`: a volume that is on the libvirt host already. It is neither changed nor removed. */
  readonly baseVolume?: { readonly pool: string; readonly name: string };
  /** Public keys, one line each, that may log in as `core`. */
  readonly sshAuthorizedKeys: readonly string[];
  /** In place of the profiles of each role. */
  readonly profiles?: readonly ProfileName[];
  /** Paths of further configs (Container Linux Config or Butane) for all machines. */
  readonly snippets?: readonly string[];
  /** Path of a config in place of all profiles. */
  readonly ignition?: string;
  /** URL that the profile metadata-remote asks for the machine's addresses. */
  readonly metadataUrl?: string;
  /** NTP servers of the profile ntp. */
  readonly ntpServers?: readonly string[];
  /** `address:port` of the profile docker-remote. Default: `127.0.0.1:2375`, with `tls` `0.0.0.0:2376`. */
  readonly dockerListen?: string;
  /** `3.5.21`. Default: the one that the system, or our unit, brings. */
  readonly etcdVersion?: string;
  /** How the members find each other. Default: etcd's public discovery service. */
  readonly discovery?: DiscoverySettings;
  /** Whether etcd's peers and clients, and Docker's remote API, need certificates of the cluster's own authority. Default: false. */
  readonly tls?: boolean;
  /** Another one makes other keys and certificates, and rebuilds the cluster. Default: `1`. */
  readonly tlsRotation?: string | number;
  /** How many members a new cluster begins with; the others join it. Default: all. */
  readonly bootstrapSize?: number;
  /** Which machines were made anew in the running cluster, as the verbs `replace` and `roll` write it down. */
  readonly rejoin?: string;
  /** Seconds from start to healthy, 10 to 86400. Default: 600, emulated 1800. */
  readonly readinessTimeout?: number;
  /** Whether libvirt starts the machines with their host. Default: false. */
  readonly autostart?: boolean;
  /** Folder on the libvirt host under which the pool gets its own. Default: `/var/lib/libvirt/coreos-cluster`. */
  readonly poolPath?: string;
}
