/** Whether the pool's folder has room for this plan's disks. */
import { quote } from "../../../plan/remedies.ts";
import { GIB, MIB } from "../../../plan/sizes.ts";
import type { Check, HostShell, Output, PlanFacts, Verdict } from "../types.ts";
import { complaint, noShell, ok, sized, unproven } from "../words.ts";

/** Bytes that a node writes before it is of any use: a first boot, and a container image where etcd is one. */
const FIRST_BOOT = GIB / 2;

/** Bytes of a base image that isn't known: official ones are smaller. */
const BASE = GIB;

/** Bytes that the smallest system writes on its first boot: the lab's. */
const FIRST_WRITES = 16 * MIB;

/** Where a pool may lie: not on what is gone after a reboot, and not among what is the system's or a user's own. */
const UNFIT = /^\/(?:boot|dev|etc|home|media|proc|root|run|snap|sys|tmp|usr|var\/tmp)(?:\/|$)/;
const KINDS = /^(?:ext[234]|xfs|btrfs|zfs|f2fs|nfs4?|ceph|overlay)$/;

/**
 * The folder for pools on the file system with the most room beside the full one; undefined where none has enough.
 * @param table of `df -PkT`.
 */
export function roomElsewhere(table: Output, full: string, least: number): string | undefined {
  const [best] = table.stdout
    .split("\n")
    .flatMap((line) => {
      const [, kind = "", free = "0", mount = ""] =
        /^\S+\s+(\S+)\s+\d+\s+\d+\s+(\d+)\s+\d+%\s+(\/.*)$/.exec(line) ?? [];
      return KINDS.test(kind) && mount !== full && !UNFIT.test(mount)
        ? [{ mount, free: Number(free) * 1024 }]
        : [];
    })
    .filter(({ free }) => free >= least)
    .toSorted((a, b) => b.free - a.free);
  if (best === undefined) return undefined;
  return best.mount === "/" ? "/srv/coreos-cluster" : `${best.mount}/coreos-cluster`;
}

export interface DiskWords {
  readonly asRoot: (command: string) => string;
  readonly typed: (command: string) => string;
}

/**
 * @param answer of `df -Pk` of the folder, or of the nearest one above it that exists; the last line counts.
 * @param table of `df -PkT`: the host's other file systems.
 */
export function judgeDisk(
  { nodes, pool, imageSize }: Pick<PlanFacts, "nodes" | "pool" | "imageSize">,
  answer: Output,
  table: Output,
  { asRoot, typed }: DiskWords,
): Verdict {
  const base = imageSize ?? BASE;
  const least = base + nodes.length * FIRST_BOOT;
  const most = base + nodes.reduce((sum, { diskSize }) => sum + diskSize, 0);
  const over =
    base === 0 ? "" : ` over a base image of ${imageSize === undefined ? "perhaps " : ""}${sized(base)}`;
  const [disks, need, grow] = nodes.length === 1 ? ["disk", "needs", "grows"] : ["disks", "need", "grow"];
  const why = `${nodes.length} ${disks}${over} ${need} ${sized(least)} to begin with and ${grow} to ${sized(most)} at most.`;
  const [, available, mount] = /\s(\d+)\s+\d+%\s+(\/.*)$/.exec(answer.stdout.trim()) ?? [];
  if (available === undefined) return unproven(`free space at ${pool.path}`, complaint(answer), why);
  const free = Number(available) * 1024;
  const found = `${sized(free)} free at ${mount ?? ""}, where ${pool.path} lies`;
  const other = roomElsewhere(table, mount ?? "", least);
  const remedy =
    other === undefined
      ? `${asRoot(`du -xh ${quote(mount ?? "/")} 2>/dev/null | sort -rh | head -n 20`)} # what takes the room there, to make some`
      : typed(`pulumi config set poolPath ${quote(other)}`);
  if (free < (imageSize ?? 0) + nodes.length * FIRST_WRITES) return { level: "problem", found, why, remedy };
  if (free < least)
    return { level: "warning", found, why: `${why} A full disk pauses the machines.`, remedy };
  return free < most
    ? { level: "note", found, why: `${why} A full disk pauses the machines.`, remedy }
    : ok(found, why);
}

/** Free space of a folder, or of the nearest one above it that exists. */
const freeAt = (shell: HostShell, folder: string): Promise<Output> =>
  shell.run([
    "sh",
    "-c",
    'p=$1; while [ ! -e "$p" ]; do p=$(dirname "$p"); done; df -Pk "$p" | tail -n 1',
    "free",
    folder,
  ]);

export const disk: Check = {
  id: "disk",
  about: "room for the base image and the machines' disks in the pool's folder",
  quick: {},
  run: async (situation) => {
    const { shell, plan, typed } = situation;
    if (shell === undefined)
      return [unproven(`free space at ${plan.pool.path}`, noShell(situation), "The disks lie there.")];
    const [free, table] = await Promise.all([freeAt(shell, plan.pool.path), shell.run(["df", "-PkT"])]);
    return [judgeDisk(plan, free, table, { asRoot: shell.asRoot, typed })];
  },
};
