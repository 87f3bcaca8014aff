/** What the tests of the checks' judgements share. */
import assert from "node:assert/strict";
import { type Fate, fatesOf, type Filter, type Flow } from "../../../commands/doctor/firewall/ruleset.ts";
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

/** A host where filters see all that there is. */
export const everywhere = { filtered: { ipv4: true, ipv6: true }, way: "routed" } as const;

/** What becomes of a packet in the end. */
export function fateOf(filter: Filter, flow: Flow): Fate {
  const fates = fatesOf(filter, flow);
  const [first] = fates;
  assert.ok(first);
  return fates.find(({ verdict }) => verdict === "drop") ?? first;
}
