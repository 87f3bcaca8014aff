/** A node's MAC address, derived from its name: the same machine gets the same DHCP lease after each rebuild. */
import { createHash } from "node:crypto";

/** The prefix that QEMU and libvirt use for their guests (locally administered). */
const QEMU_PREFIX = "52:54:00";

/**
 * `52:54:00` and bytes 1, 3 and 5 of md5(name + newline).
 *
 * The rule is that of the original coreos-libvirt script (`echo NAME | md5sum`), so that leases and reservations made
 * for its clusters hold for ours. md5 is no more than a way to spread names here.
 */
export function macOf(name: string): string {
  const digest = createHash("md5").update(`${name}\n`).digest("hex");
  return [QEMU_PREFIX, digest.slice(0, 2), digest.slice(4, 6), digest.slice(8, 10)].join(":");
}

/** Pairs of nodes that share a MAC: each with the first that has it. */
export function macCollisions(
  nodes: readonly { readonly name: string; readonly mac: string }[],
): { readonly mac: string; readonly names: [string, string] }[] {
  const owners = new Map<string, string>();
  const collisions: { mac: string; names: [string, string] }[] = [];
  for (const { name, mac } of nodes) {
    const owner = owners.get(mac);
    if (owner === undefined) owners.set(mac, name);
    else collisions.push({ mac, names: [owner, name] });
  }
  return collisions;
}
