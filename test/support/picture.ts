/**
 * A host as a suite finds and leaves it, as lists that can be compared: what `leaks` looks at (host/snapshot.ts), and what a cluster or its
 * test could change besides: settings of the kernel, packet filters, addresses and routes, configuration files, home.
 */
import { homedir } from "node:os";
import { type HostAccess, runOn } from "../../host/access.ts";
import { sectionsOf, type SnapshotOptions, surplus, takeSnapshot, type Things } from "../../host/snapshot.ts";

/** Lists by what they are of. */
export type Picture = Things & Readonly<Record<string, readonly string[]>>;

/** One thing that is there now and was not, or the other way round: `left: links left0`. */
type Difference = `${"left" | "gone"}: ${string}`;

const MARK = "5ec7104f";

/**
 * Prints the sections, each behind its heading. $0 is the home folder. Numbers that the kernel counts up by itself are no settings, and
 * neither are link-local addresses, which come with the first machine on a bridge. An empty chain of a packet filter that accepts is made by
 * the first use of the filter, and does nothing. Each device gets a queue of the kernel's own, with a number. A lab writes its settings of
 * libvirt anew when it is looked after. Each Pulumi of the user's writes logs at home.
 */
const SCRIPT = `
section() { echo "${MARK} $1"; }
section settings
grep -rs "" /proc/sys/net /proc/sys/vm /proc/sys/kernel /proc/sys/fs 2>/dev/null |
  grep -vE "^/proc/sys/(kernel/(ns_last_pid|pty/nr|random/)|fs/(dentry-state|file-nr|inode-|aio-nr|quota/)|net/netfilter/nf_conntrack_count)"
grep -s "" /sys/kernel/mm/ksm/run /sys/kernel/mm/ksm/sleep_millisecs /sys/kernel/mm/ksm/pages_to_scan
section filters
for tool in iptables ip6tables iptables-legacy ip6tables-legacy ebtables; do
  command -v "$tool-save" >/dev/null && "$tool-save" 2>/dev/null | sed -E "/^(#|\\*|COMMIT)|^:[A-Z]+ ACCEPT/d; s/ \\[[0-9:]*\\]$//; s/^/$tool /"
done
command -v nft >/dev/null && nft list ruleset 2>/dev/null |
  sed -E "/^(table .*|[[:space:]]*(chain .*|\\}|type .*policy accept;))$/d; s/packets [0-9]+ bytes [0-9]+//; s/^[[:space:]]*/nft /"
section network
ip -br address | sed -E "s/ (fe80:[^ ]*)//g; s/^([^ ]+) +[A-Z]+ */address \\1 /; s/ +$//"
{ ip route show table all; ip rule; ip -6 rule; } | grep -vE "fe80:|ff00::" | sed -E "s/ (linkdown|expires .*)//g; s/^/route /"
tc qdisc | grep -vE "^qdisc (noqueue|pfifo_fast|fq_codel|mq) " | sed -E "s/^(qdisc \\S+) \\S+:/queue \\1/"
section configuration
find /etc -xdev -path /etc/libvirt -prune -o ! -type d -printf "%p %s %T@\\n" 2>/dev/null
find /etc/libvirt ! -type d -printf "%p %s\\n" 2>/dev/null
find "$0/.ssh" "$0/.pulumi" -path "$0/.pulumi/logs" -prune -o ! -type d -printf "%p %s %T@\\n" 2>/dev/null
section places
find / /opt /srv /mnt /media /run /var/lib /usr/local/bin /usr/local/lib "$0" "$0/.config" "$0/.cache" \\
  -mindepth 1 -maxdepth 1 2>/dev/null
true
`;

/** Folders that libvirt makes once, for the first pool and machine of all, and keeps. */
const KEPT_FOLDERS =
  /^\/etc\/libvirt\/(?:qemu|storage)(?:\/autostart|\/networks)?$|^\/var\/lib\/libvirt\/coreos-cluster$/;

/**
 * Looks at a host; logs of machines, which stay and are bounded, don't count.
 * @param options `libvirt`: whether it is asked, for domains, pools, volumes and networks; `tokens` of its registry.
 */
export async function pictureOf(access: HostAccess, options: SnapshotOptions): Promise<Picture> {
  const { things } = await takeSnapshot(access, options);
  const sections = sectionsOf(await runOn(access, ["sh", "-c", SCRIPT, homedir()]), MARK);
  return {
    ...things,
    logs: [],
    files: things.files.filter((file) => !KEPT_FOLDERS.test(file)),
    ...Object.fromEntries([...sections].map(([name, lines]) => [name, lines.toSorted()])),
  };
}

/** A thing without what is given anew with each start of a machine, with each definition of one, or for what is in its files. */
const lasting = (thing: string): string =>
  thing
    .replaceAll(/\bvnet\d+\b/g, "vnet")
    .replace(/\/domain-\d+-/, "/domain-")
    .replace(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12} /, "")
    .replace(/-[0-9a-f]{12}(?=\.(?:ign|qcow2)\b)/, "");

/** What is there besides what was there before, and the other way round; a line for each thing. Pure. */
export const differences = (before: Picture, now: Picture): Difference[] =>
  [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((part) => {
    const [old, fresh] = [before[part] ?? [], now[part] ?? []];
    return [
      ...surplus(fresh, old, lasting).map((thing) => `left: ${part} ${thing}` as const),
      ...surplus(old, fresh, lasting).map((thing) => `gone: ${part} ${thing}` as const),
    ];
  });
