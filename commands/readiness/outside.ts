/** Members that are not in the cluster that the others are: no time brings them back into it. Pure. */
import { majority } from "../../plan/members.ts";
import { verbWords } from "./verbWords.ts";

/** What one member says of the cluster that it is in. */
export interface Standpoint {
  readonly name: string;
  /** It says that it is healthy. */
  readonly healthy: boolean;
  /** The cluster's id; undefined where this version of etcd doesn't tell. */
  readonly cluster: string | undefined;
  /** Names on its list of members; empty ones of those that never started. */
  readonly listed: readonly string[];
}

/** The cluster that most of these are, where they are a healthy majority of those on its list. */
function coreOf(views: readonly Standpoint[]): readonly Standpoint[] | undefined {
  const well = views.filter(({ healthy, cluster }) => healthy && cluster !== undefined);
  const ids = new Set(well.map(({ cluster }) => cluster));
  const [core, next] = [...ids]
    .map((id) => well.filter(({ cluster }) => cluster === id))
    .toSorted((one, other) => other.length - one.length);
  const size = core?.[0]?.listed.length;
  if (core === undefined || size === undefined || core.length === next?.length) return undefined;
  return core.length >= majority(size) ? core : undefined;
}

/**
 * Why a member is outside of the cluster that the others are.
 * @param views of those that answer, itself perhaps with them.
 * @returns undefined where it is in it, may be, or the others are no healthy cluster.
 */
export function outsideOf(name: string, views: readonly Standpoint[]): string | undefined {
  const core = coreOf(views.filter((view) => view.name !== name));
  const [first] = core ?? [];
  if (core === undefined || first === undefined) return undefined;
  const own = views.find((view) => view.name === name)?.cluster;
  const others = core.map((view) => view.name).join(", ");
  if (own === first.cluster) return undefined;
  // Who never started has no name on the list yet.
  const listed = core.some((view) => view.listed.includes(name) || view.listed.includes(""));
  if (own !== undefined)
    return `it is a member of another cluster (${own}) than ${others} (${first.cluster ?? ""})`;
  return listed
    ? undefined
    : `it is not on the members' list of the cluster that ${others} ${core.length === 1 ? "is" : "are"}`;
}

/** The first of all members that is outside of the cluster which more than half of them are. */
export function outsider(
  names: readonly string[],
  views: readonly Standpoint[],
): { readonly name: string; readonly why: string } | undefined {
  const core = coreOf(views);
  if (core === undefined || core.length < majority(names.length)) return undefined;
  for (const name of names) {
    const why = core.some((view) => view.name === name) ? undefined : outsideOf(name, views);
    if (why !== undefined) return { name, why };
  }
  return undefined;
}

/** The way back in. @param again whether it was made anew before, and that is not over. */
export const wayIn = (name: string, commandPrefix: string | undefined, again = false): string =>
  `${verbWords(commandPrefix, "replace", name)}${again ? " --again" : ""} makes it anew, with a fresh disk, as a member of that cluster`;

/** Whether something has been so for a while without a break. */
export class Lasting {
  #what: string | undefined;
  #since = 0;

  /** @param now milliseconds. */
  for(what: string | undefined, now: number): number {
    if (what !== this.#what) [this.#what, this.#since] = [what, now];
    return what === undefined ? 0 : now - this.#since;
  }
}
