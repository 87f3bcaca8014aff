/** What the tests of the checks' judgements share. */
import { localShell } from "../../../commands/doctor/shell.ts";
import { planFacts } from "../../../commands/doctor/planFacts.ts";
import type { Output, PlanFacts, Verdict } from "../../../commands/doctor/types.ts";

/** What a program printed, ending with a code. */
export const said = (stdout: string, code = 0, stderr = ""): Output => ({ code, stdout, stderr });
export const failed = (stderr: string, code = 1): Output => ({ code, stdout: "", stderr });
export const missing: Output = { code: 127, stdout: "", stderr: "x: not found" };

export const words = {
  asRoot: localShell(false).asRoot,
  typed: (command: string): string => command,
};

/** The facts of a stack "dev" whose config holds these values. */
export const plan = (config: Readonly<Record<string, unknown>> = {}): PlanFacts =>
  planFacts(
    "dev",
    Object.fromEntries(Object.entries(config).map(([key, value]) => [`coreos-cluster:${key}`, value])),
  );

/** A verdict in one text, for patterns. */
export const shown = (verdict: Verdict | readonly Verdict[]): string =>
  (Array.isArray(verdict) ? (verdict as readonly Verdict[]) : [verdict as Verdict])
    .map(({ level, found, remedy }) => `${level}: ${found}${remedy === undefined ? "" : ` -> ${remedy}`}`)
    .join("\n");
