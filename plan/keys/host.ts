/** Config keys of what the machines use on the libvirt host. */
import { DEFAULTS } from "../defaults.ts";
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
