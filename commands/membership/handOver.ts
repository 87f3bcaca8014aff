/** A member that leads and is to leave its cluster: an election costs seconds without a leader, handing over costs none. */
import { say } from "../program.ts";
import type { ListedMember } from "./api.ts";
import type { LookSources, Seen } from "./look.ts";

/**
 * Has the member of this entry hand the lead over to a healthy one with a vote. Nothing is done where it doesn't lead, or doesn't answer; where
 * etcd refuses (older ones can't), it goes all the same.
 * @param seen all members that answer, it among them.
 */
export async function handOver(
  entry: Pick<ListedMember, "id">,
  seen: readonly Seen[],
  { api }: Pick<LookSources, "api">,
): Promise<void> {
  const own = seen.find(({ view }) => view.memberId === entry.id);
  if (own === undefined || own.view.leader !== entry.id) return;
  const voters = new Set(own.view.members.filter(({ learner }) => !learner).map(({ id }) => id));
  const heir = seen.find(
    ({ healthy, view }) => healthy && view.memberId !== entry.id && voters.has(view.memberId),
  );
  if (heir === undefined) return;
  const refusal = await api.handOver(own, heir.view.memberId);
  say(
    refusal === undefined
      ? `${own.name}: hands the lead over to ${heir.name}`
      : `${own.name}: leads, and does not hand over: ${refusal}`,
  );
}
