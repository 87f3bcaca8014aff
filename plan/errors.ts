/** Everything that is wrong with a config, in one error. */
import type { RawSettings } from "./raw.ts";
import { typed } from "./typed.ts";

/** One thing that is wrong, in parts, so that it can be shown as text or as data. */
export interface Problem {
  /** The config key, with the path inside it where it has parts (`discovery.mode`). */
  readonly key: string;
  /** The value found, fit to be shown: shortened, and never a secret. `undefined` where there is none. */
  readonly value: string | undefined;
  /** What would be right. */
  readonly expected: string;
  /** The command that mends it. */
  readonly remedy: string;
}

function render(problem: Problem, prefix: string | undefined): string {
  const found = problem.value === undefined ? "is not set" : `is ${problem.value}`;
  return `  ${problem.key} ${found}\n    right would be: ${problem.expected}\n    mend it with:   ${typed(problem.remedy, prefix)}`;
}

/** The config can't be made into a cluster. `message` lists all problems and is fit to be shown as it is. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor({ stack, commandPrefix }: RawSettings, problems: readonly Problem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const list = problems.map((problem) => render(problem, commandPrefix));
    super(`${count} in the config of stack ${stack}:\n\n${list.join("\n\n")}\n`);
    this.problems = problems;
  }
}
