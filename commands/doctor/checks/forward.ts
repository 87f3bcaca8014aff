/** Whether the host's packet filters let the machines' traffic through. */
import { flowsOf, lookAtFirewall, type FirewallSeen } from "../firewall/look.ts";
import { acceptancesFor, type Drop, dropsOf, isMarkable, kindsOf } from "../firewall/drops.ts";
import type { Filter } from "../firewall/ruleset.ts";
import { type Suspect, suspectsOf } from "../firewall/suspects.ts";
import type { Check, PlanFacts, Verdict } from "../types.ts";
import { asRootHere, noShell, ok, unproven } from "../words.ts";
import { bridgeIn, lookAtBridge } from "./bridge.ts";
import { readSysctls, wayOf, type Way } from "./sysctls.ts";

/** What marks rules of ours; host-prepare removes them by it. */
export const RULE_COMMENT = "coreos-cluster host-prepare";

/** The commands that let a bridge's traffic through where it is dropped; where no rule would, the one that shows the rules. */
function remedyFor({ holder, layer, hooks }: Filter, bridge: string, drops: readonly Drop[]): string {
  if (holder === "nft inet firewalld") return `firewall-cmd --zone=trusted --add-interface=${bridge}`;
  const nft = holder.startsWith("nft ") ? holder.slice("nft ".length) : undefined;
  if (nft !== undefined && layer === "frames")
    return `nft list table ${nft} # let ${bridge} through, in and out`;
  const acceptances = acceptancesFor(drops);
  if (acceptances.length === 0) {
    const chain = drops[0]?.hook.chain ?? hooks[0]?.chain ?? "";
    const show = nft === undefined ? `${holder} -S ${chain}` : `nft list table ${nft}`;
    return `${show} # let through what machines on ${bridge} send, and its answers`;
  }
  return acceptances
    .map(({ chain, side }) => {
      if (nft !== undefined)
        return `nft insert rule ${nft} ${chain} ${side === "in" ? "iifname" : "oifname"} ${bridge} accept`;
      const option = layer === "frames" ? `--logical-${side}` : `-${side.slice(0, 1)}`;
      return `${holder} -I ${chain} ${option} ${bridge} -j ACCEPT`;
    })
    .join(" && ");
}

/** So many rules are named. */
const SHOWN = 3;

/** Shows the rules: those of their chain, if all are in one. */
function showing({ holder, layer }: Filter, suspects: readonly Suspect[]): string {
  const [chain, ...others] = new Set(suspects.map((suspect) => suspect.chain));
  const one = chain === undefined || others.length > 0 ? "" : ` ${chain}`;
  const nft = holder.startsWith("nft ") ? holder.slice("nft ".length) : undefined;
  if (nft !== undefined) return `nft -a list ${one === "" ? "table" : "chain"} ${nft}${one}`;
  return `${holder} ${layer === "frames" ? "-L" : "-S"}${one}`;
}

/** Rules that drop what can't be known from outside to be among the machines' traffic or not: said, never taken for harmless. */
function unjudged(
  filter: Filter,
  suspects: readonly Suspect[],
  why: string,
  asRoot: (command: string) => string,
): Verdict[] {
  if (suspects.length === 0) return [];
  const more = suspects.length - SHOWN;
  const named = [
    ...suspects.slice(0, SHOWN).map(({ rule }) => rule),
    ...(more > 0 ? [`and ${more} more`] : []),
  ].join(", ");
  const has =
    suspects.length === 1
      ? "1 rule that drops under conditions of its own"
      : `${suspects.length} rules that drop under conditions of their own`;
  return [
    {
      level: "note",
      found: `not judged: ${filter.holder} has ${has}: ${named}`,
      why,
      remedy: asRoot(showing(filter, suspects)),
    },
  ];
}

const WORDS = {
  between: { level: "problem", says: "drops what machines on the bridge send to each other" },
  out: { level: "warning", says: "drops what the machines send beyond this host" },
  answers: { level: "warning", says: "drops the answers to what the machines send beyond this host" },
} as const;

/** @param filtered whether frames between machines on the bridge go through the filters (bridge-netfilter), by family. */
export function judgeForward(
  { bridge }: Pick<PlanFacts, "bridge">,
  { filters, faults }: FirewallSeen,
  { filtered, way }: { readonly filtered: Readonly<Record<"ipv4" | "ipv6", boolean>>; readonly way: Way },
  asRoot: (command: string) => string,
): Verdict[] {
  const why = `Members on ${bridge} talk to each other, to the DHCP server, to the registry and to where container images come from.`;
  const drops = filters.flatMap((filter): Verdict[] => {
    const seesFrames =
      filter.family === "ipv6"
        ? filtered.ipv6
        : filter.family === "ipv4"
          ? filtered.ipv4
          : filtered.ipv4 || filtered.ipv6;
    const seeing = { filtered: seesFrames, way };
    const dropped = dropsOf(filter, bridge, seeing);
    const [drop] = dropped;
    if (drop === undefined) {
      const flows = kindsOf(filter, seeing).map((what) => flowsOf(bridge)[what]);
      return unjudged(filter, suspectsOf(filter, flows), why, asRoot);
    }
    const { level, says } = WORDS[drop.what];
    // Everything that the program does goes by IPv4.
    const milder = filter.family === "ipv6" ? "note" : level;
    return [
      {
        level: milder,
        found: `${filter.holder} ${says}: ${drop.by}`,
        why,
        remedy: asRoot(remedyFor(filter, bridge, dropped)),
        prepared: isMarkable(filter) && acceptancesFor(dropped).length > 0,
      },
    ];
  });
  const unread = faults.map((fault) => unproven("a packet filter", fault, why));
  if (drops.length + unread.length > 0) return [...drops, ...unread];
  const held = filters.map(({ holder }) => holder).join(", ");
  return [ok(filters.length === 0 ? "no packet filter is in force" : `nothing is dropped (${held})`, why)];
}

export const forward: Check = {
  id: "forward",
  about:
    "no packet filter (iptables and ebtables in all their tables, their legacy, nftables) drops what the machines send to each other or through the host",
  run: async (situation) => {
    const { plan, shell, root } = situation;
    const why = "A rule there can drop DHCP, etcd and all traffic of the machines beyond the host.";
    if (shell === undefined) return [unproven("the packet filters", noShell(situation), why)];
    if (!root) return [unproven("the packet filters", "only root may read them", why, asRootHere(shell))];
    const calls = {
      ipv4: "net.bridge.bridge-nf-call-iptables",
      ipv6: "net.bridge.bridge-nf-call-ip6tables",
    } as const;
    const [values, seen, bridge] = await Promise.all([
      readSysctls(shell, Object.values(calls)),
      lookAtFirewall(shell),
      lookAtBridge(shell, plan.bridge).then(bridgeIn),
    ]);
    const filtered = { ipv4: values.get(calls.ipv4) === "1", ipv6: values.get(calls.ipv6) === "1" };
    return judgeForward(plan, seen, { filtered, way: wayOf(bridge?.ports ?? []) }, shell.asRoot);
  },
};
