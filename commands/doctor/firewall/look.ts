/** Reading the packet filters of a host: all kinds that can be in force at once. */
import type { HostShell, Output } from "../types.ts";
import { complaint } from "../words.ts";
import { parseIptables } from "./iptables.ts";
import { parseNft, unjudged } from "./nft.ts";
import type { Filter, Flow } from "./ruleset.ts";

/** The filters in force, or why they could not be read. */
export interface FirewallSeen {
  readonly filters: readonly Filter[];
  /** A line for each program that failed. */
  readonly faults: readonly string[];
}

interface Saver {
  /** Its tables are what `TOOL-save` writes. */
  readonly tool: string;
  /** nft's name for what it keeps. */
  readonly family: "ip" | "ip6" | "bridge";
  /** Shell words that succeed where the kernel has tables of the legacy kind: asked elsewhere, the program would make some. */
  readonly legacy: readonly [string, ...string[]];
}

const SAVERS: readonly Saver[] = [
  { tool: "iptables", family: "ip", legacy: ["grep", "-q", ".", "/proc/net/ip_tables_names"] },
  { tool: "ip6tables", family: "ip6", legacy: ["grep", "-q", ".", "/proc/net/ip6_tables_names"] },
  { tool: "ebtables", family: "bridge", legacy: ["grep", "-q", "^ebtable_", "/proc/modules"] },
];

const missing = ({ code }: Output): boolean => code === 127;

/** What one program shows. Undefined: it is not there, or has no tables that it could show without making them. */
async function saved(
  shell: HostShell,
  tool: string,
  legacy: Saver["legacy"] | undefined,
): Promise<{ readonly filters: readonly Filter[]; readonly faults: readonly string[] } | undefined> {
  if (legacy !== undefined && (await shell.run(legacy)).code !== 0) return undefined;
  const answer = await shell.run([`${tool}-save`]);
  if (missing(answer)) return undefined;
  if (answer.code !== 0) return { filters: [], faults: [`${tool}-save: ${complaint(answer)}`] };
  // What nft wrote in a table of iptables' can be more than iptables can show.
  const hidden = [...answer.stdout.matchAll(/^# (Table `[^']*' is incompatible)/gm)];
  return {
    filters: parseIptables(answer.stdout, tool),
    faults: hidden.map(([, said = ""]) => `${tool}-save: ${said}`),
  };
}

/** Needs root's shell. */
export async function lookAtFirewall(shell: HostShell): Promise<FirewallSeen> {
  const filters: Filter[] = [];
  const faults: string[] = [];
  const shown: string[] = [];
  for (const { tool, family, legacy } of SAVERS) {
    // Where the plain program is the legacy one, what it shows is the legacy tables: not twice.
    const { code, stdout } = await shell.run([tool, "--version"]);
    const plainIsLegacy = /legacy/.test(stdout) || (code === 0 && !/nf_tables/.test(stdout));
    const plain = await saved(shell, tool, plainIsLegacy ? legacy : undefined);
    const old = plainIsLegacy ? undefined : await saved(shell, `${tool}-legacy`, legacy);
    if (!plainIsLegacy && plain?.faults.length === 0) shown.push(family);
    for (const one of [plain, old]) {
      filters.push(...(one?.filters ?? []));
      faults.push(...(one?.faults ?? []));
    }
  }
  const rules = await shell.run(["nft", "-j", "list", "ruleset"]);
  if (rules.code === 0) {
    filters.push(...parseNft(rules.stdout, shown));
    faults.push(...unjudged(rules.stdout));
  } else if (!missing(rules)) faults.push(`nft: ${complaint(rules)}`);
  return { filters, faults };
}

/** What goes through a host for machines on a bridge. */
export const flowsOf = (bridge: string): Readonly<Record<"between" | "out" | "answers", Flow>> => ({
  /** From one machine to another on the bridge: seen by the filters only where bridge-netfilter is on. */
  between: { input: bridge, output: bridge, established: false, bridged: true },
  /** From a machine to elsewhere, through this host as a router. */
  out: { input: bridge, output: undefined, established: false, bridged: false },
  /** And back. */
  answers: { input: undefined, output: bridge, established: true, bridged: false },
});
