/** Whether a restore was ended in the middle, for who would change machines under it. */
import { UserError } from "../ui/errors.ts";
import { unfinishedOn } from "./left.ts";
import type { NodeFacts, RestoreNode } from "./node.ts";

/** Milliseconds: a login takes an emulated node seconds; one that says nothing is looked at by others. */
const LOOK_LIMIT = 30_000;

/** What the members say that can be logged in to; broken ones are what machines are made anew for. */
export async function looksAt(
  nodes: readonly Pick<RestoreNode, "name" | "facts">[],
): Promise<readonly (NodeFacts | { readonly node: string; readonly silent: true })[]> {
  return await Promise.all(
    nodes.map(async (node) => {
      try {
        return await node.facts(LOOK_LIMIT);
      } catch {
        return { node: node.name, silent: true } as const;
      }
    }),
  );
}

export type Look = Awaited<ReturnType<typeof looksAt>>[number];

/**
 * Whether members may come, go, or be made anew. A machine that is new has nothing to go back to, and what comes back on the others is another
 * cluster than it then is of. One that nobody can log in to keeps the restore from being finished or taken back: it may be made anew, or taken away,
 * all the same, and a restore of any file ends it then. Pure.
 * @param names those that are to go, or to be made anew.
 * @returns undefined where no restore was ended in the middle; else which of these it waits for, where it does for one.
 */
export function barrier(
  looks: readonly Look[],
  names: readonly string[],
): { readonly waitsFor: string | undefined } | undefined {
  const facts = looks.flatMap((look) => ("silent" in look ? [] : [look]));
  if (unfinishedOn(facts).length === 0) return undefined;
  const silent = looks.find((look) => "silent" in look && names.includes(look.node));
  return { waitsFor: silent?.node };
}

/**
 * @param name the one that is to be made anew; none where several are.
 * @returns what is told of a restore that waits for that.
 * @throws UserError where a restore was ended in the middle
 */
export function refuseUnfinished(looks: readonly Look[], stack: string, name?: string): string | undefined {
  const found = barrier(looks, name === undefined ? [] : [name]);
  if (found === undefined) return undefined;
  const { waitsFor } = found;
  if (waitsFor !== undefined)
    return `a restore of stack ${stack} was ended in the middle, and nobody can log in to ${waitsFor}: once ${waitsFor} is there, finish it with \`restore FILE\``;
  throw new UserError(
    `a restore of stack ${stack} was ended in the middle: finish it with \`restore FILE\` or take it back with \`restore --undo\` first. ` +
      "Nothing was changed",
  );
}
