/** The wait until a member that was added has started, has all data, and has its vote. */
import { setTimeout as sleep } from "node:timers/promises";
import { ProgramError, say } from "../program.ts";
import { ConsoleMemory, lookAtConsoles } from "../readiness/consoleLooks.ts";
import { explainFailure } from "../readiness/explain.ts";
import { lookAtMachines, lookAtMembers } from "../readiness/looks.ts";
import { Lasting, outsideOf, wayIn } from "../readiness/outside.ts";
import { NodeProgress } from "../readiness/progress.ts";
import { PACE, type Pace } from "../readiness/wait.ts";
import { bestOf, lookAround, type Seen } from "./look.ts";
import type { MembershipSources } from "./join.ts";
import { restoredEntry } from "./restored.ts";
import type { Joined, MembershipSettings } from "./settings.ts";

/** What is kept of a member: one line of JSON. */
export interface Started {
  readonly memberId: string;
  readonly clusterId: string;
  readonly host: string;
}

/**
 * @throws ProgramError with the node's own words where it can't come up, or when time is up
 */
export async function start(
  settings: MembershipSettings,
  joined: Joined,
  sources: MembershipSources,
  pace: Pace = PACE,
): Promise<Started> {
  const { member, nodes, others, timeout } = settings;
  const { api, consoles } = sources;
  const own = { ...settings, nodes: [member] };
  const progress = new NodeProgress(member.name, "member");
  progress.learn("config", member.address);
  const started = performance.now();
  const elapsed = (): number => performance.now() - started;
  const clock = { elapsed, seconds: () => Math.round(elapsed() / 1000) };
  const memory = new ConsoleMemory();
  // One that joins waits for its data and its vote, however long that takes.
  const patient = { ...pace, patience: Infinity };
  let known = new Map(Object.entries(joined.hosts));
  const outside = new Lasting();
  let why = "its cluster doesn't answer";
  let machinesAt = -Infinity;
  let told = "";
  const news = (line: string): void => {
    if (line !== told) say(`${member.name}: ${line} (${clock.seconds()} s)`);
    told = line;
  };
  const apartIn = (all: readonly Seen[]): string | undefined =>
    outsideOf(
      member.name,
      all.map(({ name, healthy, view: { clusterId, members } }) => ({
        ...{ name, healthy, cluster: clusterId, listed: members.map((one) => one.name) },
      })),
    );
  const isApart = async (apart: string): Promise<ProgramError> => {
    const way = wayIn(member.name, settings.commandPrefix, settings.replaces);
    const reason = `its cluster was restored meanwhile, and ${apart}. ${way}`;
    return new ProgramError(await explainFailure(progress, reason, own, consoles));
  };
  news("waits for its machine and its data");
  while (elapsed() < timeout * 1000) {
    try {
      await lookAtConsoles([progress], own, consoles, clock, memory, patient);
    } catch (error) {
      // It can't come up: because it is outside, where it is, and then there is a way on.
      const all = await lookAround([member, ...nodes, ...others], known, sources);
      const apart = all.some(({ view }) => view.clusterId === joined.clusterId) ? undefined : apartIn(all);
      throw apart === undefined ? error : await isApart(apart);
    }
    if (elapsed() - machinesAt >= pace.machines) {
      machinesAt = elapsed();
      await lookAtMachines([progress], own, sources, clock);
    }
    const seen = await lookAround([...nodes, ...others], known, sources);
    known = new Map([...known, ...seen.map(({ name, host }) => [name, host] as const)]);
    const there = seen.filter(({ view }) => view.clusterId === joined.clusterId);
    if (there.length > 0) outside.for(undefined, elapsed());
    if (there.length === 0 && seen.length > 0) {
      const all = await lookAround([member, ...nodes, ...others], known, sources);
      const restored = all.some(({ view }) => view.clusterId === joined.clusterId)
        ? undefined
        : restoredEntry(settings, all);
      const at = all.find(({ name }) => name === member.name);
      if (restored !== undefined && at !== undefined) {
        news("is a member with a vote, of a cluster that was restored meanwhile");
        return { memberId: restored.id, clusterId: at.view.clusterId, host: at.host };
      }
      why = "those that answer are another cluster by now, and it is no healthy member of that";
      const apart = apartIn(all);
      if (outside.for(apart, elapsed()) >= pace.outside && apart !== undefined) throw await isApart(apart);
      await sleep(pace.round);
      continue;
    }
    const best = bestOf(there);
    const entry = best?.view.members.find(({ id }) => id === joined.memberId);
    if (best?.healthy === true && entry === undefined)
      throw new ProgramError(
        await explainFailure(
          progress,
          `it is no member of its cluster any more (${joined.memberId} is not on the list of ${best.name}). ` +
            wayIn(member.name, settings.commandPrefix, settings.replaces),
          own,
          consoles,
        ),
      );
    if (best === undefined || entry === undefined) why = "its cluster doesn't answer";
    else if (entry.name === "") why = "its etcd has not started";
    else if (entry.learner) {
      news("has started; gets its data, without a vote yet");
      const refusal = await api.promote(best, entry.id);
      why = refusal === undefined ? why : `its vote: ${refusal}`;
      if (refusal === undefined) continue;
    } else {
      for (const url of entry.clientUrls)
        if (URL.canParse(url)) progress.learn("members", new URL(url).hostname);
      await lookAtMembers([progress], { hosts: new Map() }, sources, clock);
      if (progress.stage === "healthy") {
        news("is a member with a vote");
        return { ...{ memberId: entry.id, clusterId: joined.clusterId }, host: progress.host ?? "" };
      }
      why = progress.complaint ?? "nobody answers where it should be";
    }
    await sleep(pace.round);
  }
  const reason = `not within ${timeout} s: ${why}`;
  throw new ProgramError(await explainFailure(progress, reason, own, consoles));
}
