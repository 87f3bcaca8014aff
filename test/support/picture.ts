/**
 * A host as a suite finds and leaves it, as lists that can be compared: what `leaks` looks at (host/snapshot.ts), and home besides, which a
 * user changes all the time and a test must not.
 */
import { homedir } from "node:os";
import { type HostAccess, runOn } from "../../host/access.ts";
import { compareLists, withoutNumbers } from "../../host/snapshot/compare.ts";
import { sectionsOf } from "../../host/snapshot/sections.ts";
import type { SnapshotOptions, Things } from "../../host/snapshot/types.ts";
import { takeSnapshot } from "../../host/snapshot.ts";

/** Lists by what they are of. */
export type Picture = Things & Readonly<Record<string, readonly string[]>>;

/** One thing that is there now and was not, or the other way round: `left: links left0`. */
type Difference = `${"left" | "gone"}: ${string}`;

const MARK = "5ec7104f";

/** $0 is the home folder. Each Pulumi of the user's writes logs there. */
const HOME = `
echo "${MARK} home"
find "$0/.ssh" "$0/.pulumi" -path "$0/.pulumi/logs" -prune -o ! -type d -printf "%p %s %T@\\n" 2>/dev/null
true
`;

/**
 * Looks at a host; logs of machines, which stay and are bounded, don't count.
 * @param options `libvirt`: whether it is asked, for domains, pools, volumes and networks; `tokens` of its registry.
 */
export async function pictureOf(access: HostAccess, options: SnapshotOptions): Promise<Picture> {
  const home = homedir();
  const places = [home, `${home}/.config`, `${home}/.cache`];
  const { things, unseen } = await takeSnapshot(access, { ...options, places });
  const sections = sectionsOf(await runOn(access, ["sh", "-c", HOME, home]), MARK);
  return {
    ...things,
    logs: [],
    home: (sections.get("home")?.lines ?? []).toSorted(),
    unseen: unseen
      .filter(({ why }) => why !== "not asked")
      .map(({ part, what, why }) => `${part} ${what}: ${why}`),
  };
}

/** A thing without what is given anew with each start of a machine, with each definition of one, or for what is in its files. */
const lasting = (thing: string): string =>
  withoutNumbers(thing)
    .replace(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12} /, "")
    .replace(/-[0-9a-f]{12}(?=\.(?:ign|qcow2)\b)/, "");

/** What is there besides what was there before, and the other way round; a line for each thing. Pure. */
export function differences(before: Picture, now: Picture): Difference[] {
  const parts = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const lists = (picture: Picture): Record<string, readonly string[]> =>
    Object.fromEntries(parts.map((part) => [part, picture[part] ?? []]));
  return compareLists(parts, lists(before), lists(now), lasting).map(
    ({ part, what, thing }) => `${what}: ${part} ${thing}` as const,
  );
}
