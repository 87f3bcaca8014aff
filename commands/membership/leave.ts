/** A member's way out of its cluster's list, before its machine goes. */
import { setTimeout as sleep } from "node:timers/promises";
import { ProgramError, say } from "../program.ts";
import type { ListedMember } from "./api.ts";
import { handOver } from "./handOver.ts";
import {
  bestOf,
  healthyIds,
  lookAround,
  type LookSources,
  type RestoreSources,
  type Seen,
  seenWords,
} from "./look.ts";
import { quorumOf, quorumWords } from "./quorum.ts";
import type { NodeSettings } from "../readiness/settings.ts";
import { refuseWhileRestoring } from "./restores.ts";
import type { Joined, MembershipSettings } from "./settings.ts";

export interface LeaveSources extends LookSources, RestoreSources {
  /** UUIDs of the domains that are there; undefined where their host can't be asked. */
  readonly domains: () => Promise<ReadonlySet<string> | undefined>;
}

/** Milliseconds. */
export interface LeavePace {
  readonly round: number;
  /** How long others may take to be a majority again, or to answer at all: they may be in an election. */
  readonly patience: number;
}

export const LEAVE_PACE: LeavePace = { round: 2000, patience: 90_000 };

/**
 * The entry that stands for the member. Its id is another one where the cluster was restored from a snapshot: then its name counts, as
 * long as its machine is there. Where that has been replaced, the entry of that name is its successor's.
 */
function entryOf(
  seen: Seen,
  joined: Joined,
  { member }: MembershipSettings,
  isThere: boolean,
): ListedMember | undefined {
  const { clusterId, members } = seen.view;
  const same = clusterId === joined.clusterId ? members.find(({ id }) => id === joined.memberId) : undefined;
  return same ?? (isThere ? members.find(({ name }) => name === member.name) : undefined);
}

/**
 * Whether a member has a list that it is alone on. Others that are only away are on it: a member can't take them out without a majority. So go
 * the members of a cluster that is rebuilt after `roll`, one after the other.
 */
const isLast = (seen: readonly Seen[], name: string): boolean =>
  seen.find((one) => one.name === name)?.view.members.length === 1;

/**
 * Whether all machines of the others that run are members of a cluster with another authority. After new keys for all (`tlsRotation`) nothing
 * else can be learnt from them, and machines that were made after this one's are known by their names alone.
 */
async function areStrangers(
  all: readonly NodeSettings[],
  known: ReadonlyMap<string, string>,
  { api, machines }: LeaveSources,
): Promise<boolean> {
  const runs = await machines.running();
  const answers = await Promise.all(
    all.map(async ({ name, mac, address }) => {
      if (runs(name) === false) return undefined;
      const hosts = [known.get(name), address, (await machines.locate(name, mac))?.address];
      for (const host of new Set(hosts.filter((one) => one !== undefined)))
        if (await api.isStranger({ name, host })) return true;
      return false;
    }),
  );
  const running = answers.filter((answer) => answer !== undefined);
  return running.length > 0 && running.every(Boolean);
}

/**
 * Takes the member out of its cluster's list, where the others are a healthy majority without it. Nothing is to be done where it is not
 * on the list, where the cluster is gone, or where all others have left before or are another cluster's.
 * @throws ProgramError where the others would be no majority, nobody answers, or a restore was ended in the middle
 */
export async function leave(
  settings: MembershipSettings,
  joined: Joined,
  sources: LeaveSources,
  pace: LeavePace = LEAVE_PACE,
): Promise<void> {
  const { member, nodes, others } = settings;
  const all = [...nodes, ...others];
  let known = new Map(Object.entries(joined.hosts));
  const until = performance.now() + pace.patience;
  let why: string;
  let asked = false;
  /** Only where it is not gone anyway, and once. */
  const unlessRestoring = async (): Promise<void> => {
    if (asked) return;
    asked = true;
    const what = `${member.name} can't leave its cluster`;
    refuseWhileRestoring(await sources.restores(), what, [member.name], settings);
  };
  do {
    const domains = await sources.domains();
    const machines = nodes.map(({ machine }) => machine).filter((machine) => machine !== "");
    if (domains !== undefined && machines.length > 0 && !machines.some((machine) => domains.has(machine))) {
      say(`${member.name}: the cluster that it was a member of is gone`);
      return;
    }
    const seen = await lookAround([...all, member], known, sources);
    known = new Map([...known, ...seen.map(({ name, host }) => [name, host] as const)]);
    const peers = seen.filter(({ name }) => name !== member.name);
    const best = bestOf(peers);
    if (best === undefined && isLast(seen, member.name)) {
      say(`${member.name}: the others have left; the cluster goes with this last machine`);
      return;
    }
    if (best === undefined && (await areStrangers(all, known, sources))) {
      say(`${member.name}: the others are another cluster's by now, with an authority of its own`);
      return;
    }
    if (best === undefined) {
      await unlessRestoring();
      why = "none of the others answers";
    } else {
      const isThere = member.machine !== "" && domains?.has(member.machine) === true;
      const entry = entryOf(best, joined, settings, isThere);
      if (entry === undefined && best.healthy) {
        say(`${member.name}: is on the members' list no more`);
        return;
      }
      await unlessRestoring();
      const quorum = quorumOf(best.view.members, healthyIds(peers, best.view.clusterId), entry?.id);
      if (entry === undefined || !quorum.kept) why = `${quorumWords(quorum)} (${seenWords(all, peers)})`;
      else {
        await handOver(entry, seen, sources);
        const refusal = await sources.api.remove(best, entry.id);
        why = refusal ?? "";
        if (refusal === undefined) {
          say(`${member.name}: has left; ${best.view.members.length - 1} members stay`);
          return;
        }
      }
    }
    await sleep(pace.round);
  } while (performance.now() < until);
  throw new ProgramError(
    `${member.name} can't leave its cluster, and its machine stays: the others are not a healthy majority without it: ${why}. ` +
      `Bring them back, or take back the change of the config; then run this again. (\`pulumi destroy\` asks nobody.)`,
  );
}

/**
 * Takes back what `join` did: the very entry that it made, where nobody has taken it. A machine of the member's name that runs has: it came up
 * with it, be it by a later `join` that took the entry over. Without an answer of the host nothing is touched.
 */
export async function withdraw(
  settings: MembershipSettings,
  joined: Joined,
  sources: LeaveSources,
): Promise<void> {
  const { member } = settings;
  if ((await sources.machines.running())(member.name) !== false) {
    say(`${member.name}: its entry in the members' list is its machine's`);
    return;
  }
  const own = { ...settings, member: { ...member, machine: "" } };
  // Nobody has this entry: what a restore has left is no matter.
  const restores = (): ReturnType<LeaveSources["restores"]> => Promise.resolve([]);
  await leave(own, joined, { ...sources, restores }, { ...LEAVE_PACE, patience: 0 });
}
