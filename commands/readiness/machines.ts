/** What libvirt knows of the machines: which ones run, and their addresses, as far as it can tell. */
import { isIPv4 } from "node:net";
import { lines, virshOn } from "../../host/virsh.ts";

export interface Located {
  readonly address: string;
  /** Whether the guest agent says so: then the system is up. Else the host has seen the address, now or some time ago. */
  readonly agent: boolean;
}

/** Whether the domain of a name is powered on; undefined when its host can't be asked just now. */
export type Running = (name: string) => boolean | undefined;

export interface Machines {
  /** Which domains are powered on. */
  running(): Promise<Running>;
  /** The IPv4 address of the interface with this MAC; undefined where none is known yet. */
  locate(name: string, mac: string): Promise<Located | undefined>;
}

/** `eth0  52:54:00:12:34:56  ipv4  192.168.66.12/24` */
export function addressOf(answer: string, mac: string): string | undefined {
  const rows = lines(answer).map((line) => line.split(/\s+/));
  const row = rows.find(
    ([, hardware, kind]) => hardware?.toLowerCase() === mac.toLowerCase() && kind === "ipv4",
  );
  const address = row?.[3]?.split("/")[0] ?? "";
  return isIPv4(address) ? address : undefined; // the guest agent says what its guest likes
}

/**
 * Whom libvirt asks for addresses, best first: the guest agent, the DHCP server of a network of libvirt's own, the
 * host's neighbour table (which knows a guest on a bridge once it has talked to the host).
 */
const SOURCES = ["agent", "lease", "arp"] as const;

/** @param uri the connection of one host. */
export function readMachines(uri: string): Machines {
  const virsh = virshOn(uri);
  return {
    running: async () => {
      try {
        const on = new Set(lines(await virsh("list", "--name")));
        return (name) => on.has(name);
      } catch {
        return () => undefined; // libvirtd may be restarting; the machines go on
      }
    },
    locate: async (name, mac) => {
      for (const source of SOURCES) {
        try {
          const address = addressOf(await virsh("domifaddr", name, "--source", source), mac);
          if (address !== undefined) return { address, agent: source === "agent" };
        } catch {
          // no agent, or not yet; a source that this host has not
        }
      }
      return undefined;
    },
  };
}
