/** The shell's part of a look at a host: it prints what is there, and what of it counts is decided elsewhere. */
import { shellCommand } from "../shell.ts";

/** Folders in which libvirt keeps what belongs to machines, pools and networks. */
const FOLDERS = [
  ...["qemu", "network", "storage", "nwfilter-binding"].map((name) => `/run/libvirt/${name}`),
  ...["/var/lib/libvirt", "/etc/libvirt"],
];
const LOGS = ["/var/log/libvirt/qemu"];

/** Where programs put something of their own; only what is right in them counts, since below it others are at work. */
const PLACES = [
  ...["/", "/opt", "/srv", "/mnt", "/media", "/run", "/var/lib", "/dev/shm"],
  ...["/usr/local/bin", "/usr/local/lib", "/usr/local/sbin", "/usr/local/etc"],
];

/** Packet filters that have a program `NAME-save`; a host has one or two kinds of them, and rules of one are not seen by the other. */
const FILTERS = ["iptables", "ip6tables", "iptables-legacy", "ip6tables-legacy", "ebtables"];

/** Nothing below is read: the kernel mounts what belongs there as soon as somebody looks. */
const AUTOMOUNT = "/proc/sys/fs/binfmt_misc";

const KSM = ["run", "sleep_millisecs", "pages_to_scan"].map((name) => `/sys/kernel/mm/ksm/${name}`);

/**
 * `look` runs a program and prints what it complains about behind the mark and a colon; `tool` does so with one that may not be there.
 * Users other than root often don't have the folders with the tools on PATH.
 */
const FUNCTIONS = [
  "PATH=$PATH:/usr/sbin:/sbin; LC_ALL=C; export PATH LC_ALL; mark=$0; everywhere=$1",
  'section() { printf "%s %s\\n" "$mark" "$*"; }',
  'look() { said=$("$@" 2>&1 >&3); if [ -n "$said" ]; then printf "%s\\n" "$said" | sed "s/^/$mark: /"; fi; }',
  'has() { command -v "$1" >/dev/null 2>&1; }',
  'tool() { if has "$1"; then look "$@"; else printf "%s: missing\\n" "$mark"; fi; }',
  "exec 3>&1",
];

/** QEMU's processes. Whose namespace can't be read counts: it is another user's. */
const PROCESSES =
  'net=$(readlink /proc/self/ns/net); for process in /proc/[0-9]*; do case "$(cat "$process/comm" 2>/dev/null)" in qemu-*) ' +
  'there=$(readlink "$process/ns/net" 2>/dev/null); if [ "$everywhere" = yes ] || [ "${there:-$net}" = "$net" ]; then ' +
  'tr "\\0" " " <"$process/cmdline" 2>/dev/null; echo; fi;; esac; done';

/** Machines' files are known by their size: the text has another id with each definition of the same machine. */
const CONFIGURATION = [
  "look find /etc -xdev -path /etc/libvirt -prune -o -type f -exec cksum {} +",
  'look find /etc -xdev -path /etc/libvirt -prune -o -type d -o -type f -o -printf "%p -> %l\\n"',
  "look find /etc/libvirt -maxdepth 1 -type f -exec cksum {} +",
  'look find /etc/libvirt -mindepth 2 -type d -o -printf "%p %s\\n"',
];

/**
 * A program for `sh -c`, with a mark as $0 and whether QEMU in other network namespaces counts (`yes`) as $1. Prints sections, each after
 * a line of the mark and its name. Packet filters come first: the kernel may load them when they are asked for, and with them settings.
 * One line, since no shell takes another through ssh (shell.ts); without `!`, which csh reads in quotes too.
 */
export const lookScript = (folders: readonly string[] = [], places: readonly string[] = []): string =>
  [
    ...FUNCTIONS,
    "section user; id -u",
    `for name in ${FILTERS.join(" ")}; do if has "$name-save"; then section filters "$name"; look "$name-save"; fi; done`,
    "if has nft; then section filters nft; look nft list ruleset; fi",
    "section links; ls -1 /sys/class/net",
    "section devices; tool ip -o -d link",
    "section namespaces; ls -1 /run/netns 2>/dev/null",
    "section mounts; cat /proc/self/mounts",
    "section addresses; tool ip -o address",
    "section neighbours; tool ip -o neigh show nud permanent; tool ip -o neigh show proxy",
    "section routes; tool ip -o route show table all",
    "section rules; tool ip rule; tool ip -6 rule",
    "section queues; tool tc qdisc",
    `section settings; look find /proc/sys/net /proc/sys/vm /proc/sys/kernel /proc/sys/fs -path ${AUTOMOUNT} -prune -o -type f -exec grep -H "" {} +`,
    `if grep -q " ${AUTOMOUNT} binfmt_misc " /proc/self/mounts; then look grep -H "" ${AUTOMOUNT}/*; fi; look grep -H "" ${KSM.join(" ")}`,
    `section files; look find ${shellCommand([...FOLDERS, ...folders])} -xdev`,
    `section configuration; ${CONFIGURATION.join("; ")}`,
    `section places; look find ${shellCommand([...PLACES, ...places])} -mindepth 1 -maxdepth 1`,
    `section logs; look find ${shellCommand(LOGS)} -xdev`,
    `section processes; ${PROCESSES}`,
    "true",
  ].join("; ");
