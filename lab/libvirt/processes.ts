/** What /proc says about processes. Synchronous: a few hundred small reads of kernel memory take milliseconds. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export type NamespaceKind = "mnt" | "net" | "pid";

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // it ended meanwhile, or it is not ours to look at
  }
};

/** The ids of all processes that this process can see. */
export const processIds = (): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** The arguments of a process; empty for kernel threads, zombies and processes that are gone. */
export function argumentsOf(pid: number): string[] {
  const text = read(`/proc/${pid}/cmdline`) ?? "";
  return text === "" ? [] : text.replace(/\0$/, "").split("\0");
}

/** A namespace of a process as the kernel names it (`net:[4026531840]`); undefined when the process is gone. */
export function namespaceOf(pid: number | "self", kind: NamespaceKind): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return undefined;
  }
}

/** The fields of /proc/PID/stat that the lab needs (proc(5)). */
export interface ProcessStat {
  /** One letter: R, S, D, Z (zombie), ... */
  readonly state: string;
  readonly parent: number;
  /** Clock ticks after boot. */
  readonly startTime: number;
}

/** Parses the text of /proc/PID/stat; the name in parentheses may hold spaces and parentheses itself. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", parent: Number(fields[1]), startTime: Number(fields[19]) };
}

export function statOf(pid: number): ProcessStat | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseStat(text);
}

/** The user that a process runs as (effective user id). */
export function userOf(pid: number): number | undefined {
  const ids = /^Uid:\s+\d+\s+(\d+)/m.exec(read(`/proc/${pid}/status`) ?? "");
  return ids?.[1] === undefined ? undefined : Number(ids[1]);
}

/** The process's id in each of its nested process id namespaces, outermost first. */
export function idsInNamespaces(pid: number): number[] {
  const line = /^NSpid:\s+(.*)$/m.exec(read(`/proc/${pid}/status`) ?? "");
  return line?.[1]?.trim().split(/\s+/).map(Number) ?? [];
}

/** Whether the process still runs; a zombie doesn't. */
export function isAlive(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== undefined && stat.state !== "Z" && stat.state !== "X";
}

/** When the process was started. Linux counts in ticks of 1/100 s on all architectures (USER_HZ). */
export function startedAt(pid: number): Date | undefined {
  const ticks = statOf(pid)?.startTime;
  const boot = /^btime (\d+)$/m.exec(read("/proc/stat") ?? "")?.[1];
  return ticks === undefined || boot === undefined
    ? undefined
    : new Date((Number(boot) + ticks / 100) * 1000);
}

/** The processes in the given namespaces: in any of them, this process itself left out. */
export function processesIn(namespaces: Partial<Record<NamespaceKind, string>>): number[] {
  const wanted = Object.entries(namespaces) as [NamespaceKind, string][];
  return processIds().filter(
    (pid) => pid !== process.pid && wanted.some(([kind, name]) => namespaceOf(pid, kind) === name),
  );
}

/** Sends a signal; a process that is gone is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Waits until `done` says so. @returns false when that took longer than `seconds`. */
export async function waitUntil(done: () => boolean | Promise<boolean>, seconds: number): Promise<boolean> {
  const end = Date.now() + seconds * 1000;
  for (let pause = 5; ; pause = Math.min(pause * 2, 100)) {
    if (await done()) return true;
    if (Date.now() > end) return false;
    await sleep(pause);
  }
}
