/** Machines are switched off and on, each by its UUID: a name could be another machine's meanwhile. */
import { setTimeout as sleep } from "node:timers/promises";
import { batch } from "./batch.ts";
import type { NodeOnHost } from "./clusters.ts";
import { type Virsh, VirshError } from "./virsh.ts";

export type Machine = Pick<NodeOnHost, "name" | "uuid" | "state">;

export interface Stopped {
  /** Names of those that went down by themselves when asked. */
  readonly clean: readonly string[];
  /** Names of those that did not within the time, and were cut off. */
  readonly cut: readonly string[];
}

export interface StopOptions {
  /** Milliseconds that machines may take to go down. */
  readonly limit: number;
  /** Told the names of those that are still on, as they become fewer. */
  readonly onWait?: (names: readonly string[]) => void;
  /** Milliseconds between two looks; 1000 by default. */
  readonly pause?: number;
  /** Milliseconds after which a machine is asked again: one that was just booting has not heard it. 15 s by default. */
  readonly again?: number;
}

/** The states of a machine that runs no more (virDomainState): what is crashed has no process either. */
const OFF = ["shut off", "crashed"];

export const isOff = (state: string): boolean => OFF.includes(state);

/** What brings a machine to its senses, that it may hear a request. */
const WAKERS: Readonly<Record<string, string>> = { paused: "resume", pmsuspended: "dompmwakeup" };

/** Runs a command for a machine; that it went off or away meanwhile is no error. */
async function command(virsh: Virsh, words: readonly string[], uuid: string): Promise<void> {
  try {
    await virsh(...words, uuid);
  } catch (error) {
    const [state] = await batch(virsh, [["domstate", uuid]]);
    if (error instanceof VirshError && (state === undefined || isOff(state))) return;
    throw error;
  }
}

/** The states now, in the machines' order; "shut off" for one that is gone. */
async function statesOf(virsh: Virsh, machines: readonly Machine[]): Promise<string[]> {
  const states = await batch(
    virsh,
    machines.map(({ uuid }) => ["domstate", uuid]),
  );
  return states.map((state) => state ?? "shut off");
}

/**
 * Asks machines to shut down, as their power button would, all at once; those that don't within the limit are cut off.
 * Those that are off stay as they are.
 * @throws VirshError
 */
export async function shutDown(
  virsh: Virsh,
  machines: readonly Machine[],
  { limit, onWait, pause = 1000, again = 15_000 }: StopOptions,
): Promise<Stopped> {
  let on = machines.filter(({ state }) => !isOff(state));
  const asked = on;
  for (const { uuid, state } of on) {
    const waker = WAKERS[state];
    if (waker !== undefined) await command(virsh, [waker], uuid);
  }
  const end = Date.now() + limit;
  for (let askNext = 0; on.length > 0 && Date.now() < end;) {
    if (Date.now() >= askNext) {
      for (const { uuid } of on) await command(virsh, ["shutdown"], uuid);
      askNext = Date.now() + again;
    }
    onWait?.(on.map(({ name }) => name));
    await sleep(Math.max(0, Math.min(pause, end - Date.now())));
    const states = await statesOf(virsh, on);
    on = on.filter((_, index) => !isOff(states[index] ?? ""));
  }
  for (const { uuid } of on) await command(virsh, ["destroy"], uuid);
  const cut = on.map(({ name }) => name);
  return { clean: asked.map(({ name }) => name).filter((name) => !cut.includes(name)), cut };
}

/**
 * Switches on what is off, and lets go on what was suspended.
 * @returns the names of those that were not running.
 * @throws VirshError
 */
export async function powerOn(virsh: Virsh, machines: readonly Machine[]): Promise<string[]> {
  const woken: string[] = [];
  for (const { name, uuid, state } of machines) {
    const words = isOff(state) ? "start" : WAKERS[state];
    if (words === undefined) continue;
    try {
      await virsh(words, uuid);
    } catch (error) {
      const [now] = await batch(virsh, [["domstate", uuid]]);
      if (now !== "running") throw error; // somebody else was quicker
    }
    woken.push(name);
  }
  return woken;
}
