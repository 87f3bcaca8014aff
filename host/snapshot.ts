/** What is there on a host that a cluster could leave behind, as lists that can be kept and compared. */
import { randomBytes } from "node:crypto";
import { type HostAccess, runOn } from "./access.ts";
import { batch } from "./batch.ts";
import { volumeNamesOf } from "./pools.ts";
import { lines, type Virsh } from "./virsh.ts";

/** What is looked at. Files that libvirt writes about machines and keeps on purpose are apart: `logs`. */
export const PARTS = [
  ...(["domains", "pools", "volumes", "networks", "processes"] as const),
  ...(["links", "namespaces", "mounts", "files", "logs", "tokens"] as const),
] as const;

export type Part = (typeof PARTS)[number];

export type Things = Readonly<Record<Part, readonly string[]>>;

export interface Snapshot {
  readonly version: 1;
  /** The host, as messages call it. */
  readonly host: string;
  /** ISO 8601. */
  readonly taken: string;
  /** Each part sorted. */
  readonly things: Things;
}

/** Folders in which libvirt keeps what belongs to machines, pools and networks. */
const FOLDERS = ["/run/libvirt/qemu", "/run/libvirt/network", "/var/lib/libvirt", "/etc/libvirt"];
const LOGS = ["/var/log/libvirt/qemu"];

/** What libvirt's daemons make for themselves when they are started, whatever runs. */
const DAEMONS_OWN = /\/(?:driver\.pid|autostarted|capabilities\.(?:monitor\.sock|pidfile)|.*\.lock)$/;

/**
 * Prints the sections, each after a line of $0 and its name, which nobody else can have written. $1 says whether QEMU in
 * other network namespaces counts too, $2 is the number of folders that come next, what follows them are folders of logs.
 */
const SCRIPT = [
  'mark=$0; everywhere=$1; number=$2; shift 2; net=$(readlink /proc/self/ns/net); section() { printf "%s %s\\n" "$mark" "$1"; }',
  "section links; ls -1 /sys/class/net",
  "section namespaces; ls -1 /run/netns 2>/dev/null",
  "section mounts; cat /proc/self/mounts",
  'section files; while [ "$number" -gt 0 ]; do find "$1" -xdev 2>/dev/null; shift; number=$((number - 1)); done',
  'section logs; for folder in "$@"; do find "$folder" -xdev 2>/dev/null; done',
  'section processes; for process in /proc/[0-9]*; do case "$(cat "$process/comm" 2>/dev/null)" in qemu-*) ' +
    'if [ "$everywhere" = yes ] || [ "$(readlink "$process/ns/net")" = "$net" ]; then ' +
    'tr "\\0" " " <"$process/cmdline" 2>/dev/null; echo; fi;; esac; done',
  "true",
].join("; ");

/** The sections of the script's output by their names. Pure. */
export function sectionsOf(output: string, mark: string): Map<string, string[]> {
  const sections = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of output.split("\n")) {
    if (line.startsWith(`${mark} `)) sections.set(line.slice(mark.length + 1), (current = []));
    else if (line.trim() !== "") current.push(line.trim());
  }
  return sections;
}

/** A QEMU process by its program and its guest; what libvirt names and numbers anew for each start is left out. Pure. */
export function qemuProcess(commandLine: string): string {
  const [program = ""] = commandLine.split(" ");
  const guest = /\s-name (?:guest=)?([^,\s]+)/.exec(commandLine)?.[1];
  return guest === undefined ? commandLine.trim() : `${program} of ${guest}`;
}

export interface SnapshotOptions {
  /** Whether libvirt is asked. */
  readonly libvirt: boolean;
  /** Whether QEMU counts that runs in network namespaces of its own, as in labs of this machine. */
  readonly everywhere?: boolean;
  /** Folders that are searched besides. */
  readonly folders?: readonly string[];
  /** The discovery tokens that a registry has. */
  readonly tokens?: readonly string[];
}

/** Domains, pools, volumes and networks. */
async function libvirtThings(
  virsh: Virsh,
): Promise<Pick<Things, "domains" | "pools" | "volumes" | "networks">> {
  const [domains = "", pools = "", networks = ""] = await batch(virsh, [
    ["list", "--all", "--name", "--uuid"],
    ["pool-list", "--all", "--uuid"],
    ["net-list", "--all", "--name"],
  ]);
  const uuids = lines(pools);
  const answers = await batch(
    virsh,
    uuids.flatMap((uuid) => [
      ["pool-name", uuid],
      ["vol-list", uuid],
    ]),
  );
  const named = uuids.map((uuid, index) => ({
    name: `${answers[2 * index] ?? ""} ${uuid}`.trim(),
    volumes: volumeNamesOf(answers[2 * index + 1] ?? "").map(
      (volume) => `${answers[2 * index] ?? uuid}/${volume}`,
    ),
  }));
  return {
    domains: lines(domains).map((line) => line.replace(/\s+/g, " ")),
    pools: named.map(({ name }) => name),
    volumes: named.flatMap(({ volumes }) => volumes),
    networks: lines(networks),
  };
}

/**
 * Looks at a host. Changes nothing on it.
 * @throws HostCommandError, VirshError when it can't be looked at
 */
export async function takeSnapshot(access: HostAccess, options: SnapshotOptions): Promise<Snapshot> {
  const mark = `section-${randomBytes(8).toString("hex")}`;
  const folders = [...FOLDERS, ...(options.folders ?? [])];
  const everywhere = options.everywhere === true ? "yes" : "no";
  const script = ["sh", "-c", SCRIPT, mark, everywhere, String(folders.length), ...folders, ...LOGS];
  // One after the other: virsh itself makes the daemons that it starts on demand write their own files.
  const asked = options.libvirt
    ? await libvirtThings(access.virsh)
    : { domains: [], pools: [], volumes: [], networks: [] };
  const sections = sectionsOf(await runOn(access, script), mark);
  const section = (name: string): string[] => sections.get(name) ?? [];
  const things: Things = {
    ...asked,
    processes: section("processes").map(qemuProcess),
    links: section("links"),
    namespaces: section("namespaces"),
    mounts: section("mounts"),
    files: [...new Set(section("files").filter((file) => !DAEMONS_OWN.test(file)))],
    logs: section("logs"),
    tokens: options.tokens ?? [],
  };
  return {
    version: 1,
    host: access.title,
    taken: new Date().toISOString(),
    things: Object.fromEntries(PARTS.map((part) => [part, things[part].toSorted()])) as unknown as Things,
  };
}

/** One thing that is there now and was not, or the other way round. */
export interface Difference {
  readonly part: Part;
  readonly what: "left" | "gone";
  readonly thing: string;
}

/**
 * What is more in one list than in another; a thing that is there twice counts twice. Pure.
 * @param name what a thing is known by.
 */
export function surplus(
  list: readonly string[],
  than: readonly string[],
  name: (thing: string) => string = (thing) => thing,
): string[] {
  const counts = new Map<string, number>();
  for (const one of than.map(name)) counts.set(one, (counts.get(one) ?? 0) + 1);
  return list.filter((one) => {
    const left = counts.get(name(one)) ?? 0;
    counts.set(name(one), left - 1);
    return left <= 0;
  });
}

/** What differs between two snapshots. Pure. */
export const compare = (before: Things, now: Things): Difference[] =>
  PARTS.flatMap((part) => [
    ...surplus(now[part], before[part]).map((thing) => ({ part, what: "left" as const, thing })),
    ...surplus(before[part], now[part]).map((thing) => ({ part, what: "gone" as const, thing })),
  ]);
