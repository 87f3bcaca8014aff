/** A member's entry in the list of a cluster that is there, before its machine is made. */
import { setTimeout as sleep } from "node:timers/promises";
import { ProgramError, say } from "../program.ts";
import type { Etcd } from "../readiness/etcd.ts";
import { PACE, type Sources, waitUntilHealthy } from "../readiness/wait.ts";
import { hasLearners, type ListedMember, type View } from "./api.ts";
import { handOver } from "./handOver.ts";
import {
  bestOf,
  entryName,
  healthyIds,
  hostOf,
  lookAround,
  type LookSources,
  type RestoreSources,
  type Seen,
  seenWords,
} from "./look.ts";
import { type Quorum, quorumOf, quorumWords } from "./quorum.ts";
import { refuseWhileRestoring } from "./restores.ts";
import type { Joined, MembershipSettings } from "./settings.ts";

export type MembershipSources = LookSources & Sources & RestoreSources;

/** Milliseconds. */
export interface JoinPace {
  readonly round: number;
  /** How long members may answer without a leader before that counts as a lost majority; an election takes seconds. */
  readonly leaderless: number;
  /** How long a change of the list may be refused: right after another one, etcd wants all of its connections up. */
  readonly change: number;
}

export const JOIN_PACE: JoinPace = { round: 1500, leaderless: 120_000, change: 180_000 };

const noMajority = (name: string, what: string): ProgramError =>
  new ProgramError(
    `${name} can't join: its cluster has no majority (${what}), and without one nobody can be added to it. ` +
      `Nothing was changed. Bring back the members that are missing; then run this again.`,
  );

/** Members that serve clients had a leader once: one that has none for so long has lost its majority. */
function impatient(etcd: Etcd, name: string, limit: number): Etcd {
  let since: number | undefined;
  return {
    ...etcd,
    unhealthy: async (at) => {
      const complaint = await etcd.unhealthy(at);
      if (complaint === undefined) since = undefined;
      else if (complaint.answered) since ??= performance.now();
      if (complaint?.answered === true && since !== undefined && performance.now() - since > limit)
        throw noMajority(name, `${at.name} says ${complaint.says} for ${Math.round(limit / 1000)} s`);
      return complaint;
    },
  };
}

/** Waits until all who must be there are one healthy cluster; other entries of its list are of no interest yet. */
async function waitForAll(
  settings: MembershipSettings,
  sources: Sources,
  pace: JoinPace,
): Promise<Map<string, string>> {
  const names = new Set(settings.nodes.map(({ name }) => name));
  const { registry, etcd } = sources;
  const report = await waitUntilHealthy(
    settings,
    {
      ...sources,
      registry: async () => {
        const found = await registry();
        return "hosts" in found
          ? { hosts: new Map([...found.hosts].filter(([name]) => names.has(name))) }
          : found;
      },
      etcd: {
        ...impatient(etcd, settings.member.name, pace.leaderless),
        members: async (at) => (await etcd.members(at))?.filter(({ name }) => names.has(name)),
      },
    },
    { ...PACE, round: pace.round },
  );
  return new Map(
    report.nodes.flatMap(({ name, addresses: [host] }) => (host === undefined ? [] : [[name, host]])),
  );
}

const isOf = (entry: ListedMember, { member, peerUrl }: MembershipSettings): boolean =>
  entry.name === member.name || (entry.name === "" && entry.peerUrls.includes(peerUrl));

/** All members of a list as etcd wants to be told them; those that never started have no name yet. */
function initialCluster(view: View, own: ListedMember, name: string): string {
  return view.members
    .flatMap(({ id, name: known, peerUrls }) =>
      peerUrls.map((url) => `${id === own.id ? name : known === "" ? `member-${id}` : known}=${url}`),
    )
    .join(",");
}

/** The member that this one is to replace, where it leads: only then it is asked anything. */
async function leading(
  { member }: MembershipSettings,
  entry: ListedMember,
  { view }: Seen,
  sources: LookSources,
): Promise<readonly Seen[]> {
  if (view.leader !== entry.id) return [];
  const [host] = entry.clientUrls.flatMap(hostOf);
  return await lookAround([member], new Map(host === undefined ? [] : [[member.name, host]]), sources);
}

/** What is done next, by what the list says. Pure. */
export type Step =
  | { readonly do: "add"; readonly learner: boolean }
  | { readonly do: "remove"; readonly entry: ListedMember; readonly quorum: Quorum }
  | { readonly do: "done"; readonly entry: ListedMember }
  | { readonly do: "wait"; readonly why: string };

/**
 * @param seen the members that answer, of the cluster of `view`.
 */
export function nextStep(settings: MembershipSettings, view: View, seen: readonly Seen[]): Step {
  const healthy = healthyIds(seen, view.clusterId);
  const own = view.members.find((entry) => isOf(entry, settings));
  // Added by a run that was killed before it could say so, and never started since.
  if (own?.name === "") return { do: "done", entry: own };
  if (own !== undefined) {
    const quorum = quorumOf(view.members, healthy, own.id);
    return quorum.kept
      ? { do: "remove", entry: own, quorum }
      : { do: "wait", why: `without ${own.name}: ${quorumWords(quorum)}` };
  }
  const quorum = quorumOf(view.members, healthy);
  if (!quorum.kept) return { do: "wait", why: quorumWords(quorum) };
  const learner = seen.every((one) => hasLearners(one.view.version));
  const waiting = view.members.find((entry) => entry.learner || entry.name === "");
  if (learner && waiting?.learner === true)
    return { do: "wait", why: `${entryName(waiting)} is a learner, and a cluster has one at a time` };
  return { do: "add", learner };
}

/**
 * Adds the member to its cluster's list; takes over an entry that a killed run left, and removes one whose machine is about to be
 * replaced.
 * @throws ProgramError where there is no majority, the list can't be changed, or a restore was ended in the middle
 */
export async function join(
  settings: MembershipSettings,
  sources: MembershipSources,
  pace: JoinPace = JOIN_PACE,
): Promise<Joined> {
  const { api } = sources;
  const { member, nodes, others, peerUrl } = settings;
  const all = [...nodes, ...others];
  const anew = settings.replaces ? [member.name] : [];
  refuseWhileRestoring(await sources.restores(), `${member.name} can't join`, anew, settings);
  let known =
    settings.replaces || nodes.length === 0
      ? new Map<string, string>()
      : await waitForAll(settings, sources, pace);
  const until = performance.now() + pace.change;
  let why = "";
  while (performance.now() < until) {
    const seen = await lookAround(all, known, sources);
    known = new Map(seen.map(({ name, host }) => [name, host]));
    const best = bestOf(seen);
    if (best === undefined) why = "none of its members answers";
    else {
      const { view } = best;
      const step = nextStep(settings, view, seen);
      if (step.do === "done") {
        say(`${member.name}: listed as ${step.entry.id}${step.entry.learner ? ", a learner" : ""}`);
        return {
          memberId: step.entry.id,
          clusterId: view.clusterId,
          initialCluster: initialCluster(view, step.entry, member.name),
          hosts: Object.fromEntries(known),
        };
      }
      if (step.do === "wait") why = step.why;
      else if (step.do === "remove") {
        say(`${member.name}: ${step.entry.id} leaves, since its machine is to be replaced`);
        await handOver(
          step.entry,
          [...seen, ...(await leading(settings, step.entry, best, sources))],
          sources,
        );
        why = (await api.remove(best, step.entry.id)) ?? why;
      } else why = (await api.add(best, peerUrl, step.learner)) ?? why;
    }
    await sleep(pace.round);
  }
  if (/healthy|answers/.test(why))
    throw noMajority(member.name, `${why}: ${seenWords(all, await lookAround(all, known, sources))}`);
  throw new ProgramError(
    `${member.name} can't be added to its cluster: ${why}. An entry that is nobody's can be taken out with ` +
      "`etcdctl member list` and `etcdctl member remove ID`; then run this again.",
  );
}
