/** The look at what nodes show on their consoles: whether one of them will not come up, and why. */
import { ProgramError } from "../program.ts";
import { type Consoles, failureIn } from "./console.ts";
import { explainFailure } from "./explain.ts";
import { fetchIn, FetchMemory } from "./fetches.ts";
import type { Clock } from "./looks.ts";
import type { NodeProgress } from "./progress.ts";
import type { ReadinessSettings } from "./settings.ts";
import { lostBy, troubleIn } from "./trouble.ts";
import type { Pace } from "./wait.ts";

/** What is remembered of the consoles and of how the nodes come on, from round to round. */
export class ConsoleMemory {
  /** When each node's console first showed a sign of a failure. */
  readonly firstSigns = new Map<string, number>();
  readonly fetches = new FetchMemory();
  #words = "";
  #changed = 0;

  /** Milliseconds since any node has come further. */
  quiet(nodes: readonly NodeProgress[], clock: Clock): number {
    const words = nodes.map((node) => node.words()).join();
    if (words !== this.#words) this.#changed = clock.elapsed();
    this.#words = words;
    return clock.elapsed() - this.#changed;
  }
}

/**
 * Reads the consoles of all that are not there yet for signs of a failure.
 * @param pace milliseconds. `grace`: that a guest has to say more; `fetching`: that whatever Ignition wants to fetch has to come up, once
 *   nothing moves any more: another node may be who serves it; `patience`: that members which all run have to become a cluster.
 * @throws ProgramError with the node's own words.
 */
export async function lookAtConsoles(
  nodes: readonly NodeProgress[],
  settings: ReadinessSettings,
  consoles: Consoles,
  clock: Clock,
  memory: ConsoleMemory,
  pace: Pick<Pace, "grace" | "fetching" | "patience">,
): Promise<void> {
  const { firstSigns } = memory;
  const late = nodes.filter(({ stage }) => stage !== "healthy");
  const seen = await Promise.all(
    late.map(async (node) => {
      const console = (await consoles.tail(node.name)) ?? [];
      return { node, failure: failureIn(console), fetch: fetchIn(console), trouble: troubleIn(console) };
    }),
  );
  for (const { node, failure } of seen) {
    if (failure === undefined) continue;
    const first = firstSigns.get(node.name) ?? clock.elapsed();
    firstSigns.set(node.name, first);
    if (failure.final || clock.elapsed() - first >= pace.grace)
      throw new ProgramError(await explainFailure(node, failure.reason, settings, consoles, failure.stuckIn));
  }
  const quiet = memory.quiet(nodes, clock);
  for (const { node, fetch } of seen) {
    const reason = memory.fetches.hopeless(node.name, fetch, clock.elapsed(), pace.fetching);
    if (reason !== undefined && quiet >= pace.fetching)
      throw new ProgramError(await explainFailure(node, reason, settings, consoles, "fetching"));
  }
  const allRun = seen.every(
    ({ node, trouble }) => node.stage !== "booting" || trouble.ended.length + trouble.waits.length > 0,
  );
  for (const { node, trouble } of seen) {
    const reason = lostBy(trouble, {
      addressed: node.knows("agent") || node.knows("registry"),
      settled: allRun ? quiet : 0,
      patience: pace.patience,
    });
    if (reason !== undefined) throw new ProgramError(await explainFailure(node, reason, settings, consoles));
  }
}
