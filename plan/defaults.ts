/** What holds where the config says nothing. */
import type { ProfileName } from "./profiles.ts";
import { GIB } from "./sizes.ts";
import type { Architecture, DomainType, OsFamily, Role } from "./types.ts";

export const ARCHITECTURES = [
  "x86_64",
  "i686",
  "aarch64",
  "s390x",
  "ppc64le",
] as const satisfies readonly Architecture[];

/** Memory depends on the system (plan/os.ts), the prefix on the stack. */
export const DEFAULTS = {
  nodes: 3,
  vcpus: 1,
  /** Bytes; an image with a larger virtual size gets that. */
  diskSize: 8 * GIB,
  bridge: "br0",
  /** Of a host, where there are several. */
  weight: 1,
  domainType: "kvm" satisfies DomainType,
  os: "flatcar" satisfies OsFamily,
  arch: "x86_64" satisfies Architecture,
  role: "member" satisfies Role,
  profiles: {
    member: ["base", "metadata-local", "etcd"],
    client: ["base", "metadata-local", "etcd-client"],
  } satisfies Readonly<Record<Role, readonly ProfileName[]>>,
  /** Docker's port on the node's own loopback: who reaches it rules the machine. */
  dockerListen: "127.0.0.1:2375",
  /** With TLS nobody reaches it without a certificate; the port is the one that Docker's clients take for TLS. */
  dockerListenTls: "0.0.0.0:2376",
  tlsRotation: "1",
  /** etcd's public discovery service. */
  discoveryEndpoint: "https://discovery.etcd.io",
  /** Seconds: pulling an etcd container and booting take minutes; under emulation all takes many times as long. */
  readinessTimeout: { kvm: 600, qemu: 1800 },
  poolPath: "/var/lib/libvirt/coreos-cluster",
} as const;
