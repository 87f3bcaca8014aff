/** Runs of Pulumi that are struck in the middle. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { isShort } from "./record.ts";
import type { Stack } from "../integration/program/support.ts";

/**
 * Where in a run: behind so many lines of its output, which say more of what it is at than the time does on a busy
 * machine; and milliseconds later.
 */
export interface Point {
  readonly line: number;
  readonly delay: number;
}

/** Milliseconds after which a run that was struck is ended. */
const HANGS = 60_000;

/** How a run ended. */
export interface Ended {
  /** Whether it was still running when it was struck. */
  readonly struck: boolean;
  readonly code: number | null;
  readonly lines: number;
  /** Whether it had to be ended by hand in the end. */
  readonly hung: boolean;
}

/**
 * Runs `pulumi VERB` and strikes when it is there.
 * @param strike is given the process group's id.
 */
export async function strikeAt(
  stack: Stack,
  verb: "up" | "destroy",
  point: Point,
  strike: (group: number) => Promise<void> | void,
): Promise<Ended> {
  const child = stack.start(verb);
  let [lines, ended, code, hung] = [0, false, null as number | null, false];
  let reached = (): void => undefined;
  const there = new Promise<void>((resolve) => (reached = resolve));
  child.stdout.on("data", (chunk: Buffer) => {
    lines += chunk.toString().split("\n").length - 1;
    if (lines >= point.line) reached();
  });
  const close = once(child, "close").then(([exit]) => {
    [ended, code] = [true, exit as number | null];
  });
  if (point.line === 0) reached();
  await Promise.race([there, close]);
  await Promise.race([sleep(point.delay), close]);
  const struck = !ended && child.pid !== undefined;
  if (struck) await strike(child.pid);
  const timer = setTimeout(() => {
    if (!struck || ended) return;
    hung = true;
    process.kill(-child.pid, "SIGKILL");
  }, HANGS);
  await close;
  clearTimeout(timer);
  return { struck, code, lines, hung };
}

/** Runs `pulumi VERB` to its end. @returns the lines that it printed */
async function linesOf(stack: Stack, verb: "up" | "destroy"): Promise<number> {
  const { code, lines } = await strikeAt(stack, verb, { line: Infinity, delay: 0 }, () => undefined);
  if (code !== 0) throw new Error(`pulumi ${verb} ended with ${String(code)}`);
  return lines;
}

/**
 * Points spread over a run that prints so many lines: the first ones before it has said anything, since there it reads
 * the program and asks the host.
 */
const spread = (lines: number, count: number): Point[] =>
  Array.from({ length: count }, (_, index) =>
    index === 0
      ? { line: 0, delay: 700 }
      : { line: Math.floor((index * lines) / count), delay: (index * 37) % 120 },
  );

/** Lines of a run with two machines, about: what the short selection does with instead of measuring. */
const USUAL = { up: 60, destroy: 36 };

/** Points spread over a run of each verb, which are measured first; the stack is gone in the end, as in the beginning. */
export async function pointsOf(
  stack: Stack,
  count: number,
): Promise<Readonly<Record<"up" | "destroy", readonly Point[]>>> {
  const up = isShort ? USUAL.up : await linesOf(stack, "up");
  const destroy = isShort ? USUAL.destroy : await linesOf(stack, "destroy");
  return { up: spread(up, count), destroy: spread(destroy, count) };
}
