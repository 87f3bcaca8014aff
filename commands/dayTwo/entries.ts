/** What `replace` and `roll` write down: which machines are made anew. Pure. */
import type { RejoinPlan } from "../../plan/types.ts";
import { newGeneration, type Step, touchedIn, waitsOnly } from "./steps.ts";

/** The cluster that is there, as the program's output `incarnation` has it: `GENERATION.LIFE`. */
export interface Incarnation {
  readonly generation: string;
  readonly life: string;
}

export function incarnationOf(text: unknown): Incarnation | undefined {
  const [, generation, life] =
    /^([0-9a-f]{12})\.([0-9a-f]{12})$/.exec(typeof text === "string" ? text : "") ?? [];
  return generation === undefined || life === undefined ? undefined : { generation, life };
}

/** The entries so far, where they are about this cluster; none where they are of another. */
export const entriesOf = (cluster: Incarnation, before: RejoinPlan | undefined): RejoinPlan =>
  before?.generation === cluster.generation && before.life === cluster.life
    ? before
    : { ...cluster, turns: {} };

/** The same with these nodes behind all others, in their order. */
export function withTurns(entries: RejoinPlan, names: readonly string[]): RejoinPlan {
  const last = Math.max(0, ...Object.values(entries.turns));
  const turns = Object.fromEntries(names.map((name, index) => [name, last + 1 + index]));
  return { ...entries, turns: { ...entries.turns, ...turns } };
}

/**
 * Whether what an update would do is the rest of what was begun before: all members that it touches were to be made anew, and none is only
 * started anew over its disk.
 */
export function isBegun(steps: readonly Step[], entries: RejoinPlan, members: readonly string[]): boolean {
  const touched = touchedIn(steps, members);
  const restarted = touched.some(({ name, disk }) => {
    const domain = steps.find((step) => step.name === `${name}-domain`);
    return !disk && domain?.op === "replace";
  });
  return (
    touched.length > 0 &&
    !restarted &&
    newGeneration(steps) === undefined &&
    touched.every(({ name }) => Object.hasOwn(entries.turns, name))
  );
}

/** Whether this node came last of all, and has come: what is left of its run is to wait for the cluster and to say so. */
export const isNearlyDone = (steps: readonly Step[], entries: RejoinPlan, name: string): boolean =>
  waitsOnly(steps) &&
  Object.hasOwn(entries.turns, name) &&
  entries.turns[name] === Math.max(...Object.values(entries.turns));
