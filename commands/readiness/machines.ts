/** What libvirt knows of the machines: which ones run, and, where the guest agent is there, their addresses. */
import { lines, virshOn } from "../../host/virsh.ts";

export interface Machines {
  /** Names of the domains that are powered on; undefined when the host can't be asked. */
  running(): Promise<ReadonlySet<string> | undefined>;
  /** The IPv4 address of the interface with this MAC, told by the guest agent; undefined where there is none yet. */
  address(name: string, mac: string): Promise<string | undefined>;
}

/** `eth0  52:54:00:12:34:56  ipv4  192.168.66.12/24` */
export function addressOf(answer: string, mac: string): string | undefined {
  const rows = lines(answer).map((line) => line.split(/\s+/));
  const row = rows.find(
    ([, hardware, kind]) => hardware?.toLowerCase() === mac.toLowerCase() && kind === "ipv4",
  );
  return row?.[3]?.split("/")[0];
}

export function readMachines(uri: string): Machines {
  const virsh = virshOn(uri);
  return {
    running: async () => {
      try {
        return new Set(lines(await virsh("list", "--name")));
      } catch {
        return undefined; // libvirtd may be restarting; the machines go on
      }
    },
    address: async (name, mac) => {
      try {
        return addressOf(await virsh("domifaddr", name, "--source", "agent"), mac);
      } catch {
        return undefined; // no agent, or not yet
      }
    },
  };
}
