/** What a host's packet filters drop of the traffic of machines on a bridge, and what would let it through. Pure. */
import type { Way } from "../checks/sysctls.ts";
import { flowsOf } from "./look.ts";
import { fatesOf, type Filter, type Hook } from "./ruleset.ts";

/** What of a machine's traffic a filter drops, where, and by which rule. */
export interface Drop {
  readonly what: "between" | "out" | "answers";
  readonly by: string;
  readonly hook: Hook;
}

export interface Seeing {
  /** Whether frames between machines on the bridge go through the filter. */
  readonly filtered: boolean;
  readonly way: Way;
}

/** What of the machines' traffic a filter sees at all, the gravest first. */
export function kindsOf(filter: Filter, { filtered, way }: Seeing): Drop["what"][] {
  // A filter of bridges sees frames whatever bridge-netfilter says, and nothing that is routed.
  const ofBridges = filter.layer === "frames";
  return [
    ...(filtered || ofBridges ? (["between"] as const) : []),
    ...(way === "routed" && !ofBridges ? (["out", "answers"] as const) : []),
  ];
}

/** What a filter does to traffic of machines on a bridge: its drops, the gravest first; none where all comes through. */
export function dropsOf(filter: Filter, bridge: string, seeing: Seeing): Drop[] {
  const flows = flowsOf(bridge);
  return kindsOf(filter, seeing).flatMap((what) =>
    fatesOf(filter, flows[what]).flatMap(({ verdict, by, hook }) =>
      verdict === "drop" ? [{ what, by, hook }] : [],
    ),
  );
}

/**
 * The sides by which rules at a hook can know a bridge: before the way is chosen nobody knows the one out, behind it rules name no way
 * in. None where no rule about the bridge would let through what is dropped.
 */
function sidesFor({ what, hook }: Drop): readonly ("in" | "out")[] {
  if (hook.point === "forward") return ["in", "out"];
  if (hook.point === "prerouting") return what === "answers" ? [] : ["in"];
  return what === "out" ? [] : ["out"];
}

/** An acceptance that lets a bridge's traffic through at the top of a chain. */
export interface Acceptance {
  readonly chain: string;
  readonly side: "in" | "out";
}

/** The acceptances that would let through all that a filter drops, each once; none where no rule about the bridge would. */
export const acceptancesFor = (drops: readonly Drop[]): readonly Acceptance[] =>
  drops.some((drop) => sidesFor(drop).length === 0)
    ? []
    : [...new Set(drops.map(({ hook }) => hook.chain))].flatMap((chain) => {
        const sides = drops.flatMap((drop) => (drop.hook.chain === chain ? sidesFor(drop) : []));
        return (["in", "out"] as const)
          .filter((side) => sides.includes(side))
          .map((side) => ({ chain, side }));
      });

/** Whether a rule of a filter can carry a mark by which it is known again: those of ebtables and nftables can't. */
export const isMarkable = ({ holder, layer }: Filter): boolean =>
  !holder.startsWith("nft ") && layer !== "frames";
