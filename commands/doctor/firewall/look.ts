/** Reading the packet filters of a host: all kinds that can be in force at once. */
import type { HostShell, Output } from "../types.ts";
import { complaint } from "../words.ts";
import { parseIptables } from "./iptables.ts";
import { parseNft } from "./nft.ts";
import type { Filter, Flow } from "./ruleset.ts";

/** The filters in force, or why they could not be read. */
export interface FirewallSeen {
  readonly filters: readonly Filter[];
  /** A line for each program that failed. */
  readonly faults: readonly string[];
}

/** The programs that show iptables' filter table; the legacy ones only where the kernel has such a table, else they would make one. */
const SAVERS: readonly { readonly tool: string; readonly legacy?: string }[] = [
  { tool: "iptables" },
  { tool: "ip6tables" },
  { tool: "iptables-legacy", legacy: "/proc/net/ip_tables_names" },
  { tool: "ip6tables-legacy", legacy: "/proc/net/ip6_tables_names" },
];

const missing = ({ code }: Output): boolean => code === 127;

/** Needs root's shell. */
export async function lookAtFirewall(shell: HostShell): Promise<FirewallSeen> {
  const filters: Filter[] = [];
  const faults: string[] = [];
  // Where `iptables` itself is the legacy one, what it shows is that table: not twice.
  const backend = await shell.run(["iptables", "--version"]);
  const plainIsLegacy =
    /legacy/.test(backend.stdout) || (backend.code === 0 && !/nf_tables/.test(backend.stdout));
  for (const { tool, legacy } of SAVERS) {
    const isLegacy = legacy !== undefined || plainIsLegacy;
    if (legacy !== undefined && plainIsLegacy) continue;
    if (isLegacy) {
      const listed =
        legacy ?? (tool === "iptables" ? "/proc/net/ip_tables_names" : "/proc/net/ip6_tables_names");
      if ((await shell.run(["grep", "-qx", "filter", listed])).code !== 0) continue;
    }
    const saved = await shell.run([`${tool}-save`, "-t", "filter"]);
    if (saved.code === 0) filters.push(parseIptables(saved.stdout, tool));
    else if (!missing(saved)) faults.push(`${tool}-save: ${complaint(saved)}`);
  }
  const rules = await shell.run(["nft", "-j", "list", "ruleset"]);
  if (rules.code === 0) filters.push(...parseNft(rules.stdout));
  else if (!missing(rules)) faults.push(`nft: ${complaint(rules)}`);
  return { filters: filters.filter(({ hooks }) => hooks.length > 0), faults };
}

/** What goes through a host for machines on a bridge. */
export const flowsOf = (bridge: string): Readonly<Record<"between" | "out" | "answers", Flow>> => ({
  /** From one machine to another on the bridge: seen by the filters only where bridge-netfilter is on. */
  between: { input: bridge, output: bridge, established: false },
  /** From a machine to elsewhere, through this host as a router. */
  out: { input: bridge, output: undefined, established: false },
  /** And back. */
  answers: { input: undefined, output: bridge, established: true },
});
