/** Whether a restore into a stack was ended in the middle, for verbs that would change machines under it. */
import { nodeCommand } from "../hosts/journal.ts";
import type { Reached } from "../hosts/reach.ts";
import type { StackState } from "../hosts/stackState.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { UserError } from "../ui/errors.ts";
import { unfinishedOn } from "./left.ts";
import { type NodeFacts, RestoreNode } from "./node.ts";

/** The stack's members as nodes that can be logged in to. */
export function nodesOf(paths: LabPaths, reached: Reached, { outputs }: StackState): RestoreNode[] {
  const members = (outputs.nodes ?? []).filter(({ role }) => role !== "client");
  return members.map(
    ({ name }) => new RestoreNode(name, (words) => nodeCommand(paths, reached, outputs, name, words)),
  );
}

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
 * A machine that is made anew has nothing to go back to, and what comes back on the others is another cluster than it then is of. One that nobody
 * can log in to keeps the restore from being finished or taken back: it may be made anew all the same, and a restore of any file ends it then.
 * @param name the one that is to be made anew; none where several are.
 * @returns what is told of a restore that waits for that.
 * @throws UserError where a restore was ended in the middle
 */
export function refuseUnfinished(looks: readonly Look[], stack: string, name?: string): string | undefined {
  const facts = looks.flatMap((look) => ("silent" in look ? [] : [look]));
  if (unfinishedOn(facts).length === 0) return undefined;
  if (name !== undefined && looks.some((look) => "silent" in look && look.node === name))
    return `a restore of stack ${stack} was ended in the middle, and nobody can log in to ${name}: once ${name} is there, finish it with \`restore FILE\``;
  throw new UserError(
    `a restore of stack ${stack} was ended in the middle: finish it with \`restore FILE\` or take it back with \`restore --undo\` first. ` +
      "Nothing was changed",
  );
}
