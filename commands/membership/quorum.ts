/** Whether a cluster can do with a member more or less. Pure. */
import { majority } from "../../plan/members.ts";
import type { ListedMember } from "./api.ts";

export interface Quorum {
  /** Members with a vote. */
  readonly voters: number;
  /** Those of them that are healthy. */
  readonly healthy: number;
  /** How many of them are needed for a write. */
  readonly needed: number;
  readonly kept: boolean;
}

/**
 * The majority among the voters, without one of them where it is to leave.
 * @param healthy ids of the members that say that they are.
 */
export function quorumOf(
  members: readonly ListedMember[],
  healthy: ReadonlySet<string>,
  without?: string,
): Quorum {
  const voters = members.filter(({ id, learner }) => !learner && id !== without);
  const well = voters.filter(({ id }) => healthy.has(id)).length;
  const needed = majority(voters.length);
  return { voters: voters.length, healthy: well, needed, kept: voters.length > 0 && well >= needed };
}

/** For messages: `1 of 2 healthy, 2 needed`. */
export const quorumWords = ({ voters, healthy, needed }: Quorum): string =>
  `${healthy} of ${voters} healthy, ${needed} needed for a majority`;
