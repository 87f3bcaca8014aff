/** Whether the host's packet filters let the machines' traffic through. */
import { flowsOf, lookAtFirewall, type FirewallSeen } from "../firewall/look.ts";
import { fateOf, type Filter } from "../firewall/ruleset.ts";
import type { Check, PlanFacts, Verdict } from "../types.ts";
import { asRootHere, noShell, ok, unproven } from "../words.ts";
import { bridgeIn, lookAtBridge } from "./bridge.ts";
import { readSysctls, wayOf, type Way } from "./sysctls.ts";

/** What marks rules of ours; host-prepare removes them by it. */
export const RULE_COMMENT = "coreos-cluster host-prepare";

/** The two rules that let a bridge's traffic through, as iptables takes them behind its verb. */
export const forwardRules = (bridge: string): readonly (readonly string[])[] =>
  (["-i", "-o"] as const).map((side) => [
    "FORWARD",
    side,
    bridge,
    "-m",
    "comment",
    "--comment",
    RULE_COMMENT,
    "-j",
    "ACCEPT",
  ]);

/** What a filter does to traffic of machines on a bridge: the first drop, undefined where all comes through. */
export function dropOf(
  filter: Filter,
  bridge: string,
  { filtered, way }: { readonly filtered: boolean; readonly way: Way },
): { readonly what: "between" | "out" | "answers"; readonly by: string } | undefined {
  const flows = flowsOf(bridge);
  // A filter of bridges sees frames whatever bridge-netfilter says, and nothing that is routed.
  const ofBridges = filter.holder.startsWith("nft bridge ");
  const kinds = [
    ...(filtered || ofBridges ? (["between"] as const) : []),
    ...(way === "routed" && !ofBridges ? (["out", "answers"] as const) : []),
  ];
  for (const what of kinds) {
    const fate = fateOf(filter, flows[what]);
    if (fate.verdict === "drop") return { what, by: fate.by };
  }
  return undefined;
}

const remedyFor = (filter: Filter, bridge: string): string => {
  if (filter.holder === "nft inet firewalld") return `firewall-cmd --zone=trusted --add-interface=${bridge}`;
  if (filter.holder.startsWith("nft ") && !filter.holder.startsWith("nft bridge "))
    return filter.hooks
      .flatMap(({ chain }) =>
        ["iifname", "oifname"].map(
          (side) => `nft insert rule ${filter.holder.slice("nft ".length)} ${chain} ${side} ${bridge} accept`,
        ),
      )
      .join(" && ");
  if (filter.holder.startsWith("nft "))
    return `nft list table ${filter.holder.slice("nft ".length)} # let ${bridge} through, in and out`;
  return ["-i", "-o"].map((side) => `${filter.holder} -I FORWARD ${side} ${bridge} -j ACCEPT`).join(" && ");
};

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
    const drop = dropOf(filter, bridge, { filtered: seesFrames, way });
    if (drop === undefined) return [];
    const { level, says } = WORDS[drop.what];
    // Everything that the program does goes by IPv4.
    const milder = filter.family === "ipv6" ? "note" : level;
    return [
      {
        level: milder,
        found: `${filter.holder} ${says}: ${drop.by}`,
        why,
        remedy: asRoot(remedyFor(filter, bridge)),
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
    "no packet filter (iptables, its legacy, nftables) drops what the machines send to each other or through the host",
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
