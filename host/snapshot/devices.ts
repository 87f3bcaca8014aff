/** What ip(8) prints of network devices, as settings that stay the same while nobody changes them. Pure. */

/** Of any device: behind these words of `ip -d link` stands their value. */
const OF_ALL = ["mtu", "master"];

/** Of a bridge: what it is told, and not what it finds out (its id, its root, its timers) or takes from one of its ports (its address). */
const OF_BRIDGES = [
  ...["forward_delay", "hello_time", "max_age", "ageing_time", "stp_state", "priority", "vlan_filtering"],
  ...["vlan_protocol", "vlan_default_pvid", "group_fwd_mask", "no_linklocal_learn", "mcast_snooping"],
  ...["mcast_querier", "nf_call_iptables", "nf_call_ip6tables", "nf_call_arptables"],
];

/** Of a bridge's port, and again not what it finds out: its state, its cost. */
const OF_PORTS = [
  ...["hairpin", "guard", "root_block", "fastleave", "learning", "flood", "mcast_flood", "bcast_flood"],
  ...["mcast_to_unicast", "neigh_suppress", "proxy_arp", "vlan_tunnel", "isolated", "locked"],
];

const VALUED = new Set([...OF_ALL, ...OF_BRIDGES, ...OF_PORTS]);

/** What somebody said: the kernel shows these flags as they were set, not as they turn out (LOWER_UP, promiscuity that a bridge asks for). */
const FLAGS = { up: "UP", promisc: "PROMISC", allmulticast: "ALLMULTI", noarp: "NOARP" } as const;

const LINK = /^\d+: (\S+?)(?:@\S+)?: <([^>]*)> (.*)$/;

/** Names that people give, in which anything may stand. */
const NAMING = /^\s*(?:alias|altname) /;

/**
 * `br0 mtu:1500`, a line for each setting, of `ip -o -d link`.
 * @param links the devices that there are: of one that came or went while it was looked at, nothing.
 */
export const devicesOf = (lines: readonly string[], links: readonly string[]): string[] =>
  lines.flatMap((line) => {
    const [, device = "", shown = "", rest = ""] = LINK.exec(line) ?? [];
    if (!links.includes(device)) return [];
    const flags = shown.split(",");
    const words = rest
      .split("\\")
      .filter((part) => !NAMING.test(part))
      .flatMap((part) => part.trim().split(/\s+/));
    return [
      ...Object.entries(FLAGS).map(([name, flag]) => `${name}:${flags.includes(flag) ? "yes" : "no"}`),
      ...words.flatMap((word, at) => (VALUED.has(word) ? [`${word}:${words[at + 1] ?? ""}`] : [])),
    ].map((setting) => `${device} ${setting}`);
  });

/** Neighbours that somebody wrote down, permanent ones and those that the host answers for: `neighbour 10.77.0.9 dev br0 lladdr ...`. */
export const neighboursOf = (lines: readonly string[]): string[] =>
  lines.map((line) => `neighbour ${line.trim().replace(/ PERMANENT\b/, "")}`);
