/** Which lines of progress are shown where nobody watches them come. */
import type { Report } from "./problem.ts";

/** Milliseconds between two lines that stay. */
const PACE = 15_000;

/**
 * A `report` for a display that shows passing lines to a terminal only, as Pulumi's does: the first line stays, and after it
 * one in a while, so that a log too says what takes long, and how far it is.
 * @param show `passing`: whether the line needn't be kept
 */
export function paced(
  show: (line: string, passing: boolean) => void,
  now: () => number = () => performance.now(),
): Report {
  let last = -Infinity;
  return (line) => {
    const passing = now() - last < PACE;
    if (!passing) last = now();
    show(line, passing);
  };
}
