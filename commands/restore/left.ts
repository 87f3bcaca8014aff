/** What a restore that did not end has left, and what can be done about it. Pure. */
import type { MemberState } from "../snapshot/members.ts";
import type { Said } from "../snapshot/reached.ts";
import type { NodeFacts } from "./node.ts";

/** The nodes on which an earlier restore did not end. One that is settled on any was whole: what others still hold is of no use. */
export const unfinishedOn = (nodes: readonly NodeFacts[]): NodeFacts[] =>
  nodes.some(({ leftover }) => leftover === "settled")
    ? []
    : nodes.filter(({ leftover }) => leftover !== "none");

/**
 * Members that have no data from before a restore which has replaced others', in that each that took part has a record of it: their machines came
 * or were made anew since.
 */
export const cameSince = (nodes: readonly NodeFacts[]): NodeFacts[] =>
  unfinishedOn(nodes).some(({ leftover }) => leftover === "swapped")
    ? nodes.filter(({ leftover }) => leftover === "none")
    : [];

/** Why a restore can't be taken back; undefined where it can: else the others would be another cluster than these. */
export function nothingToGoBackTo(nodes: readonly NodeFacts[], stack: string): string | undefined {
  const names = cameSince(nodes).map(({ node }) => node);
  if (names.length === 0) return undefined;
  const [has, was] = names.length === 1 ? ["has", "its machine was"] : ["have", "their machines were"];
  return (
    `the restore into stack ${stack} can't be taken back: ${names.join(", ")} ${has} nothing to go back to, since ${was} made after it. ` +
    "Nothing was changed. Finish it by `restore FILE` with the same file, which gives the data to all members"
  );
}

/** What is said where a majority is one healthy cluster and others are not in it; undefined where nobody is outside, or there is no majority. */
export function outsideWords(
  states: readonly Said<MemberState>[],
  names: readonly string[],
): string | undefined {
  if (states.length !== names.length) return undefined;
  const clusterOf = (state: Said<MemberState>): string | undefined =>
    state.problem === undefined ? state.cluster : undefined;
  const inside = (cluster: string): number => states.filter((state) => clusterOf(state) === cluster).length;
  const cluster = states.map(clusterOf).find((one) => one !== undefined && inside(one) * 2 > names.length);
  if (cluster === undefined) return undefined;
  const outside = names.filter((_, index) => {
    const state = states[index];
    return state === undefined || clusterOf(state) !== cluster;
  });
  if (outside.length === 0) return undefined;
  return (
    `${outside.join(", ")} ${outside.length === 1 ? "is no healthy member" : "are no healthy members"} of the cluster that the others are. ` +
    "Where that stays so: " +
    outside.map((name) => `npm run cluster -- replace ${name}`).join(", then ")
  );
}
