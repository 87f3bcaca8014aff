/** The leases that the lab's DHCP server has given. */
import { readFile } from "node:fs/promises";
import type { LabPaths } from "../shared/context.ts";
import { layout } from "./layout.ts";

export interface Lease {
  /** The host name that the guest gave; undefined when it gave none. */
  readonly name: string | undefined;
  /** Lower case, with colons. */
  readonly mac: string;
  /** IPv4. */
  readonly address: string;
  readonly expires: Date;
}

/** Parses dnsmasq's lease file: a line a lease, `expiry MAC address name client-id`; DHCPv6 leases follow a `duid` line. */
export function parseLeases(text: string): Lease[] {
  const leases: Lease[] = [];
  // What follows the last line's end is cut off (dnsmasq writes the file in place): an address could lack digits.
  for (const line of text.split("\n").slice(0, -1)) {
    const [expiry = "", mac = "", address = "", name = ""] = line.trim().split(/\s+/);
    if (expiry === "duid") break;
    if (!/^\d+$/.test(expiry) || address === "") continue;
    leases.push({
      name: name === "*" || name === "" ? undefined : name,
      mac: mac.toLowerCase(),
      address,
      expires: new Date(Number(expiry) * 1000),
    });
  }
  return leases;
}

export async function readLeases(paths: LabPaths): Promise<Lease[]> {
  try {
    return parseLeases(await readFile(layout(paths).leases, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
