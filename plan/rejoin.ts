/**
 * Members of a cluster that runs which were, or are to be, made anew and join it in place of what they were: the config key `rejoin`, which the verbs
 * `replace` and `roll` write. Pure.
 */
import type { ClusterPlan, NodePlan, RejoinPlan } from "./types.ts";
import { founders, joiners } from "./members.ts";

/** What `generation` and `life` are: 48 bits in hexadecimal. */
const HASH = /^[0-9a-f]{12}$/;
const MOST_TURNS = 1_000_000;

/**
 * Reads the key's text: `GENERATION.LIFE` of the cluster, with `.CONFIG` behind where a changed config counts as that generation, then `NAME=TURN` of
 * each node.
 * @returns undefined where it is something else.
 */
export function parseRejoin(text: string): RejoinPlan | undefined {
  const [cluster = "", ...entries] = text.trim().split(/\s+/);
  const [generation = "", life = "", config, ...rest] = cluster.split(".");
  const hashes = [generation, life, ...(config === undefined ? [] : [config])];
  if (rest.length > 0 || !hashes.every((hash) => HASH.test(hash))) return undefined;
  const turns: Record<string, number> = {};
  for (const entry of entries) {
    const [, name = "", turn = ""] = /^([a-z0-9-]+)=([1-9][0-9]*)$/.exec(entry) ?? [];
    if (name === "" || Number(turn) > MOST_TURNS || Object.hasOwn(turns, name)) return undefined;
    turns[name] = Number(turn);
  }
  return { generation, life, ...(config === undefined ? {} : { config }), turns };
}

/** The text that {@link parseRejoin} reads, the same for the same entries. */
export const rejoinText = ({ generation, life, config, turns }: RejoinPlan): string =>
  [
    [generation, life, ...(config === undefined ? [] : [config])].join("."),
    ...Object.entries(turns)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, turn]) => `${name}=${turn}`),
  ].join(" ");

/** How often the node was made anew in its cluster, counted over all of them: 0 where it is what it was at first. */
export const turnOf = ({ rejoin }: Pick<ClusterPlan, "rejoin">, name: string): number =>
  rejoin !== undefined && Object.hasOwn(rejoin.turns, name) ? (rejoin.turns[name] ?? 0) : 0;

/** Whether machines are made anew one after the other, so that clients wait until members are through. */
export const isRejoining = ({ rejoin }: Pick<ClusterPlan, "rejoin">): boolean =>
  rejoin !== undefined && Object.keys(rejoin.turns).length > 0;

/** The same plan where entries are about another cluster than the one that is there: nobody rejoins. A config stays what it counts as. */
export const withoutTurns = (plan: ClusterPlan): ClusterPlan =>
  plan.rejoin === undefined ? plan : { ...plan, rejoin: { ...plan.rejoin, turns: {} } };

/**
 * The members that join a cluster which is there, in the order in which they do: those that joined at its growth, and those that were made anew
 * since, of which the last comes last.
 */
export function arrivals(plan: Pick<ClusterPlan, "nodes" | "bootstrapSize" | "rejoin">): readonly NodePlan[] {
  const again = founders(plan).filter(({ name }) => turnOf(plan, name) > 0);
  return [...joiners(plan), ...again].toSorted(
    (one, other) => turnOf(plan, one.name) - turnOf(plan, other.name) || (one.name < other.name ? -1 : 1),
  );
}
