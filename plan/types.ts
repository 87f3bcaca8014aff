/** The plan of a cluster: plain readonly values, all defaults applied, all checks passed. */

/** Operating systems whose first boot and etcd the program knows how to drive. */
export type OsFamily = "container-linux" | "flatcar" | "fedora-coreos" | "lab";

/** How QEMU runs a domain: with hardware virtualisation or by emulation (libvirt's domain `type`). */
export type DomainType = "kvm" | "qemu";

/** How the members of a new cluster find each other. */
export type DiscoveryPlan =
  /** GET `<endpoint>/new?size=N` at a public discovery service. */
  | { readonly mode: "service"; readonly endpoint: string }
  /** A self-hosted etcd v2 registry: PUT `<endpoint>/v2/keys/discovery/<token>/_config/size`. */
  | { readonly mode: "etcd"; readonly endpoint: string }
  /** A discovery URL that somebody else obtained. */
  | { readonly mode: "url"; readonly url: string };

/** The base image, as a file on the machine where Pulumi runs. */
export interface ImagePlan {
  /** Absolute path. */
  readonly path: string;
  /** Of the file's content, lower-case hex: the image's identity. */
  readonly sha256: string;
  readonly format: "qcow2" | "raw";
  /** Virtual size in bytes: the least that a disk over it can have. */
  readonly virtualSize: number;
}

export interface PoolPlan {
  readonly name: string;
  /** The pool's folder on the libvirt host; a folder of this cluster's own. */
  readonly path: string;
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
}

export interface ClusterPlan {
  /** What the names of nodes and pool begin with; unique per cluster on one host and bridge. */
  readonly prefix: string;
  readonly os: OsFamily;
  readonly image: ImagePlan;
  readonly pool: PoolPlan;
  readonly bridge: string;
  readonly domainType: DomainType;
  readonly nodes: readonly NodePlan[];
  readonly discovery: DiscoveryPlan;
  /** How many members the discovery token waits for. */
  readonly bootstrapSize: number;
  readonly sshAuthorizedKeys: readonly string[];
  /** Seconds that the cluster may take from start to healthy. */
  readonly readinessTimeout: number;
  /** What is allowed but likely not what the user wants: one sentence each, to be shown on every run. */
  readonly warnings: readonly string[];
  /** Config keys whose values are marked as secret: what is made of them stays secret in outputs and state. */
  readonly secretKeys: readonly string[];
}
