/** A stack's members as nodes that can be logged in to. */
import { nodeCommand } from "../hosts/journal.ts";
import type { Reached } from "../hosts/reach.ts";
import type { StackState } from "../hosts/stackState.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { RestoreNode } from "./node.ts";

export function nodesOf(paths: LabPaths, reached: Reached, { outputs }: StackState): RestoreNode[] {
  const members = (outputs.nodes ?? []).filter(({ role }) => role !== "client");
  return members.map(
    ({ name }) => new RestoreNode(name, (words) => nodeCommand(paths, reached, outputs, name, words)),
  );
}
