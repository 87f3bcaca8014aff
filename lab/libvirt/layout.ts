/** Where the private libvirt keeps its things, and the network that it serves. */
import { join } from "node:path";
import type { LabPaths } from "../shared/context.ts";

/**
 * The lab's network. It exists only inside the lab's own network namespace, so it can't collide with a network
 * of the host, and every lab on a machine uses the same one.
 */
export const network = {
  bridge: "br0",
  /** Locally administered: it can't collide with a node's `52:54:00:…`, and it stays when taps come and go. */
  bridgeMac: "02:00:0a:4d:00:01",
  cidr: "10.77.0.0/24",
  prefixLength: 24,
  address: "10.77.0.1",
  dhcpFirst: "10.77.0.10",
  dhcpLast: "10.77.0.250",
  /** The DNS domain of the guests: `<host name>.lab`. */
  domain: "lab",
  registryPort: 2379,
} as const;

/** The URL of the discovery registry, as guests and programs inside the lab's network reach it. */
export const registryUrl = `http://${network.address}:${network.registryPort}`;

/** The libvirt connection, as it is called inside the lab. */
export const libvirtUri = "qemu:///system";

/** The folder for temporary files, as it is called inside the lab; it goes with the lab. */
export const temporaryFolder = "/run/coreos-cluster/tmp";

/** Folders of the private libvirt on the host. They are bind-mounted over the standard ones inside the lab. */
export interface Layout {
  /** Holds all the others; `labDown` removes it. */
  readonly root: string;
  /** Over /etc/libvirt. */
  readonly etc: string;
  /** Over /var/lib/libvirt. */
  readonly lib: string;
  /** Over /var/cache/libvirt. */
  readonly cache: string;
  /** Over /var/log/libvirt. */
  readonly log: string;
  /** The discovery registry's data, at /run/coreos-cluster/registry inside. */
  readonly registry: string;
  /** dnsmasq's leases, below `lib`. */
  readonly leases: string;
}

export function layout(paths: LabPaths): Layout {
  const root = join(paths.lab, "libvirt");
  const lib = join(root, "lib");
  return {
    root,
    etc: join(root, "etc"),
    lib,
    cache: join(root, "cache"),
    log: join(root, "log"),
    registry: join(root, "registry"),
    leases: join(lib, "dnsmasq", "lab.leases"),
  };
}

/** The lock that serialises everything that changes the lab. */
export const lockFile = (paths: LabPaths): string => join(paths.lab, "libvirt.lock");
