/** An update that only takes machines out: it needs a majority of the members that stay, not each of them. */
import { majority } from "../../plan/members.ts";
import type { Place } from "../way.ts";
import type { Machines } from "./machines.ts";
import type { ClusterReport, NodeReport } from "./report.ts";
import type { ReadinessSettings } from "./settings.ts";
import { isKnown } from "./wait.ts";

/**
 * The machines that stay and are switched off, where nobody has to wait for them: no machine is new, some go, and the members that run are a
 * majority of those that stay. They are taken as the report before has them; all others are waited for.
 */
export async function restingIn(
  settings: ReadinessSettings,
  before: ReadonlyMap<string, NodeReport>,
  machines: Pick<Machines, "running">,
): Promise<readonly NodeReport[]> {
  const { nodes } = settings;
  const named = new Set(nodes.map(({ name }) => name));
  const some = [...before.keys()].some((name) => !named.has(name));
  if (!some || !nodes.every((node) => isKnown(node, before))) return [];
  const runs = await machines.running();
  const members = nodes.filter(({ role }) => role === "member");
  const awake = members.filter(({ name }) => runs(name) !== false);
  if (members.length > 0 && awake.length < majority(members.length)) return [];
  const off = nodes.filter(({ name }) => runs(name) === false);
  return off.length === nodes.length ? [] : off.flatMap(({ name }) => before.get(name) ?? []);
}

/** Those that somebody waits for. */
export const withoutThem = (
  settings: ReadinessSettings,
  resting: readonly NodeReport[],
): ReadinessSettings => ({
  ...settings,
  nodes: settings.nodes.filter(({ name }) => !resting.some((one) => one.name === name)),
});

/**
 * The report on all, in the settings' order.
 * @param endpoint a member's client URL.
 */
export function withThem(
  report: ClusterReport,
  resting: readonly NodeReport[],
  { nodes }: Pick<ReadinessSettings, "nodes">,
  endpoint: (place: Place) => string,
): ClusterReport {
  if (resting.length === 0) return report;
  const all = new Map([...resting, ...report.nodes].map((node) => [node.name, node]));
  const members = nodes.filter(({ role }) => role === "member");
  return {
    ...report,
    nodes: nodes.flatMap(({ name }) => all.get(name) ?? []),
    endpoints: members.flatMap(({ name }) => {
      const host = all.get(name)?.addresses[0];
      return host === undefined ? [] : [endpoint({ name, host })];
    }),
  };
}

/** What the user is told of them. */
export const restingWords = (resting: readonly NodeReport[]): string =>
  `${resting.map(({ name }) => name).join(", ")}: not running, and not waited for, since this update only takes machines out`;
