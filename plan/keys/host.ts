/** Config keys of what the machines use on the libvirt host. */
import { DEFAULTS } from "../defaults.ts";
import { EXAMPLE_URI } from "../schema/hosts.ts";
import type { KeyTable } from "./types.ts";

export const HOST_KEYS = {
  bridge: {
    description:
      "The bridge on the libvirt host that the nodes are connected to; its DHCP server gives them addresses",
    expected: "the name of a network interface: at most 15 of a-z, A-Z, 0-9, - _ . @",
    example: "br0",
    default: `\`${DEFAULTS.bridge}\``,
    details: "The DHCP server is somebody else's: the program does not manage it.",
  },
  hosts: {
    description: "Several libvirt hosts that the nodes are spread over, in place of the one of libvirt:uri",
    expected:
      "a list of libvirt hosts, each a map with its uri, and name, weight, bridge and poolPath as needed",
    example: EXAMPLE_URI,
    within: [0, "uri"],
    default: "none: all nodes are on the host of `libvirt:uri`",
    details:
      "The hosts' bridges must be one network, with one DHCP server. Which node is on which host follows from names and weights alone; " +
      "members on another host than before are another cluster, which the preview shows. See [Several hosts](hosts.md).",
    parts: {
      uri: {
        description:
          "the host's libvirt connection URI; its being another way to the same host changes no machine",
        expected: `the connection URI of a libvirt host, such as qemu:///system or ${EXAMPLE_URI}`,
        example: EXAMPLE_URI,
      },
      name: {
        description:
          "what it is called in outputs and by `nodes`; by default made of the URI's host name, or `local`",
        expected: "a short name of a-z, 0-9 and -",
        example: "second",
      },
      weight: {
        description: "how many nodes it gets for each that a host of weight 1 gets; 1 by default",
        expected: "a whole number from 1 to 1000",
        example: "2",
      },
      bridge: {
        description: "its bridge; by default the key `bridge`",
        expected: "the name of a network interface: at most 15 of a-z, A-Z, 0-9, - _ . @",
        example: "br0",
      },
      poolPath: {
        description: "its folder for pools; by default the key `poolPath`",
        expected: "an absolute path of a folder on the libvirt host, without . and .. in it",
        example: DEFAULTS.poolPath,
      },
    },
  },
  domainType: {
    description: "How the nodes run: kvm (hardware virtualisation) or qemu (emulation, slow)",
    expected: "kvm or qemu",
    example: "kvm",
    default: `\`${DEFAULTS.domainType}\``,
    details:
      "Emulation is many times slower and works everywhere, also for other architectures than the host's.",
  },
  autostart: {
    description: "Whether libvirt starts the nodes when their host boots: true or false",
    expected: "true or false",
    example: "true",
    default: "`false`",
  },
  poolPath: {
    description: "Folder on the libvirt host under which the cluster's storage pool gets a folder of its own",
    expected: "an absolute path of a folder on the libvirt host, without . and .. in it",
    example: DEFAULTS.poolPath,
    default: `\`${DEFAULTS.poolPath}\``,
    details: "The pool's own folder has the prefix as its name.",
  },
} as const satisfies KeyTable;
