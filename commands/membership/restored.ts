/** A cluster that a restore has given another id while a member was on its way into it. Pure. */
import type { ListedMember } from "./api.ts";
import type { Seen } from "./look.ts";
import type { MembershipSettings } from "./settings.ts";

/**
 * The member's entry in a cluster that is another one by its id and yet the same machines: what answers is one cluster, all on its list are
 * this stack's, those that must be there are on it, and the member itself says that it is healthy in it, together with another one. A member that
 * has begun a cluster of its own, one of strangers, and one that was rebuilt of some of the machines are none of that.
 * @param seen all who answer, the member with them; none of them is of the cluster that it joined.
 */
export function restoredEntry(
  { member, nodes, others, replaces }: MembershipSettings,
  seen: readonly Seen[],
): ListedMember | undefined {
  const own = seen.find(({ name }) => name === member.name);
  if (own?.healthy !== true) return undefined;
  const { clusterId, memberId, members } = own.view;
  const listed = members.map(({ name }) => name);
  const known = [member, ...nodes, ...others].map(({ name }) => name);
  // Those that join after it needn't be there yet. All others of one that is replaced were.
  const needed = replaces ? known : [member, ...nodes].map(({ name }) => name);
  const same =
    seen.every(({ view }) => view.clusterId === clusterId) &&
    seen.some(({ name, healthy }) => healthy && name !== member.name) &&
    new Set(listed).size === listed.length &&
    listed.every((name) => known.includes(name)) &&
    needed.every((name) => listed.includes(name));
  const entry = members.find(({ id, name }) => id === memberId && name === member.name);
  return same && entry?.learner === false ? entry : undefined;
}
