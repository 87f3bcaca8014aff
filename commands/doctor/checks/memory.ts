/** Whether the host has memory for this plan's machines. */
import { lines, type Virsh } from "../../../host/virsh.ts";
import { OS_TRAITS } from "../../../plan/os.ts";
import { both, setting } from "../../../plan/remedies.ts";
import { MIB } from "../../../plan/sizes.ts";
import type { Check, HostShell, PlanFacts, Verdict } from "../types.ts";
import { ok, sized, unproven } from "../words.ts";

/** Bytes that QEMU takes for itself beside a machine's memory; with emulation its translated code comes to that. */
const OVERHEAD = { kvm: 100 * MIB, qemu: 250 * MIB } as const;

/**
 * The command that makes the plan fit: less memory for each machine, or fewer machines where each has the least that its system
 * boots with.
 * @param room bytes that the plan may take in all.
 */
function remedyFor(
  { nodes, os, domainType }: Pick<PlanFacts, "nodes" | "os" | "domainType">,
  room: number,
  typed: (command: string) => string,
): string | undefined {
  const floor = OS_TRAITS[os].memoryFloor;
  const spare = (count: number): number => Math.floor((room / count - OVERHEAD[domainType]) / MIB / 64) * 64;
  const share = spare(nodes.length);
  if (share < floor) {
    const fewer = Math.floor(room / (floor * MIB + OVERHEAD[domainType]));
    if (fewer < 1) return undefined;
    return typed(`pulumi config set nodes ${fewer} && pulumi config set memory ${spare(fewer)}MiB`);
  }
  const [first] = nodes;
  if (nodes.every(({ memory }) => memory === first?.memory))
    return typed(`pulumi config set memory ${share}MiB`);
  // Those that are too large share what the others leave.
  const large = nodes.filter(({ memory }) => memory > share * MIB);
  const rest = nodes.filter((node) => !large.includes(node));
  const taken = rest.reduce((sum, { memory }) => sum + memory + OVERHEAD[domainType], 0);
  const each = Math.floor(((room - taken) / large.length - OVERHEAD[domainType]) / MIB / 64) * 64;
  const names = large.flatMap(({ name }) => (name === undefined ? [] : [name]));
  if (names.length === 0 || each < floor) return undefined;
  return typed(both(...names.map((name) => setting({}, ["nodes", name, "memory"], `${each}MiB`))));
}

/**
 * @param stats of `virsh nodememstats`: KiB.
 * @param running names of machines that run on the host: those of this plan have their memory already.
 * @param swap bytes; undefined where it is not known, and so nothing is too much.
 */
export function judgeMemory(
  plan: Pick<PlanFacts, "nodes" | "os" | "domainType">,
  stats: string,
  running: readonly string[],
  typed: (command: string) => string,
  swap?: number,
): Verdict {
  const { nodes, domainType } = plan;
  const figure = (name: string): number | undefined => {
    const found = new RegExp(`^${name}\\s*:\\s*(\\d+)\\s*KiB`, "m").exec(stats)?.[1];
    return found === undefined ? undefined : Number(found) * 1024;
  };
  const needs = (some: readonly { readonly memory: number }[]): number =>
    some.reduce((sum, { memory }) => sum + memory + OVERHEAD[domainType], 0);
  const all = needs(nodes);
  const more = needs(nodes.filter(({ name }) => name === undefined || !running.includes(name)));
  const why = `${nodes.length} machines take ${sized(all)} with QEMU's own share${more < all ? `, ${sized(all - more)} of it already` : ""}.`;
  const [total, free] = [figure("total"), figure("free")];
  if (total === undefined || free === undefined)
    return unproven("memory", "the host does not tell how much it has", why);
  const available = free + (figure("buffers") ?? 0) + (figure("cached") ?? 0);
  const found = `${sized(available)} of ${sized(total)} free`;
  // What runs of the plan has its memory already.
  const command = remedyFor(plan, Math.min(total, available + all - more), typed);
  const remedy = command === undefined ? {} : { remedy: command };
  const largest = Math.max(0, ...nodes.map(({ memory }) => memory));
  // More than there is by all of them together works as long as they don't use it all (KSM, swap); by one alone, hardly ever.
  if (largest > total + (swap ?? Infinity))
    return {
      level: "problem",
      found: `${sized(total)} of memory${swap === 0 ? "" : ` and ${sized(swap ?? 0)} of swap`}, and one machine is to have ${sized(largest)}`,
      why: "QEMU can't reserve more than the host has: that machine does not start.",
      ...remedy,
    };
  if (all > total)
    return { level: "warning", found, why: `${why} That is more than the host has at all.`, ...remedy };
  if (more > available)
    return {
      level: "warning",
      found,
      why: `${why} The host would swap, or its kernel end a machine.`,
      ...remedy,
    };
  return ok(found, why);
}

/** Bytes of the host's swap; undefined where it can't be asked. */
async function swapOf(shell: HostShell | undefined): Promise<number | undefined> {
  const answer = await shell?.run(["grep", "SwapTotal", "/proc/meminfo"]);
  const found = /SwapTotal:\s*(\d+) kB/.exec(answer?.stdout ?? "")?.[1];
  return found === undefined ? undefined : Number(found) * 1024;
}

async function look(virsh: Virsh): Promise<{ stats: string; running: string[] }> {
  // Not every driver counts memory.
  const stats = await virsh("nodememstats").catch(() => "");
  return { stats, running: lines(await virsh("list", "--name")) };
}

export const memory: Check = {
  id: "memory",
  about: "free memory for the machines that don't run yet",
  quick: {},
  connected: true,
  run: async ({ virsh, plan, shell, typed }) => {
    const { stats, running } = await look(virsh);
    return [judgeMemory(plan, stats, running, typed, await swapOf(shell))];
  },
};
