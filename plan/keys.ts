/** The config keys: what each is for, what is right, and a value to show in a remedy. */

export interface ConfigKey {
  /** One line for Pulumi.yaml and docs/configuration.md. */
  readonly description: string;
  /** What would be right, for error messages. */
  readonly expected: string;
  /** The arguments of `pulumi config set` that give a right value. */
  readonly example: string;
}

const MODES = "service, etcd or url";

export const CONFIG_KEYS = {
  nodes: {
    description: "How many nodes the cluster has, from 1 to 99",
    expected: "a whole number from 1 to 99",
    example: "nodes 3",
  },
  prefix: {
    description: "What the names of nodes and pool begin with; <stack>-core by default",
    expected:
      "a host name's beginning (RFC 1123): a-z, 0-9 and -, at most 61 characters, with a letter in it",
    example: "prefix dev-core",
  },
  memory: {
    description: "Memory of each node, in MiB or with a unit (1GiB)",
    expected: 'a number of MiB, or a size such as "1GiB"',
    example: "memory 2GiB",
  },
  vcpus: {
    description: "Virtual CPUs of each node",
    expected: "a whole number from 1 to 255",
    example: "vcpus 1",
  },
  diskSize: {
    description: "Size of each node's disk, in GiB or with a unit (8GiB); it grows as it is used",
    expected: 'a number of GiB, or a size such as "16GiB"',
    example: "diskSize 16GiB",
  },
  bridge: {
    description:
      "The bridge on the libvirt host that the nodes are connected to; its DHCP server gives them addresses",
    expected: "the name of a network interface: at most 15 of a-z, A-Z, 0-9, - _ . @",
    example: "bridge br0",
  },
  domainType: {
    description: "How the nodes run: kvm (hardware virtualisation) or qemu (emulation, slow)",
    expected: "kvm or qemu",
    example: "domainType kvm",
  },
  os: {
    description: "The image's operating system: flatcar, container-linux or lab",
    expected: "flatcar, container-linux or lab",
    example: "os flatcar",
  },
  image: {
    description: "The base image, a qcow2 or raw file on the machine where Pulumi runs",
    expected: "the path of a qcow2 or raw disk image on this machine, absolute or from the project's folder",
    example: "image ./flatcar_production_qemu_image.img",
  },
  sshAuthorizedKeys: {
    description: "Public SSH keys that may log in as user core",
    expected: "a list of public keys, each one line as in a .pub file",
    example: `--path 'sshAuthorizedKeys[0]' "$(cat ~/.ssh/id_ed25519.pub)"`,
  },
  discovery: {
    description:
      "How the members of a new cluster find each other: mode service or etcd (with endpoint), or url (with url)",
    expected: `an object with a mode: ${MODES}`,
    example: "--path discovery.mode service",
  },
  readinessTimeout: {
    description: "Seconds that the cluster may take from start to healthy",
    expected: "a whole number of seconds from 10 to 86400",
    example: "readinessTimeout 900",
  },
  poolPath: {
    description: "Folder on the libvirt host under which the cluster's storage pool gets a folder of its own",
    expected: "an absolute path of a folder on the libvirt host, without . and .. in it",
    example: "poolPath /var/lib/libvirt/coreos-cluster",
  },
} as const satisfies Readonly<Record<string, ConfigKey>>;

export type ConfigKeyName = keyof typeof CONFIG_KEYS;
export const CONFIG_KEY_NAMES = Object.keys(CONFIG_KEYS) as ConfigKeyName[];
