/** Programs on a node through ssh as core; journalctl, which tells what a node's console doesn't show. */
import { findNode } from "../lab/clusterView.ts";
import { ownSshWords, sshWords } from "../verbs/ssh.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import type { Reached } from "./reach.ts";
import type { Outputs } from "./stackState.ts";

/** journalctl with what was asked for, as words that no shell takes for anything else. */
export const journalctl = (follow: boolean, lines: number | undefined): string[] => [
  ...["sudo", "-n", "journalctl", "--boot", "--no-pager", "--output=short-iso"],
  `--lines=${lines === undefined ? "all" : lines}`,
  ...(follow ? ["--follow"] : []),
];

/** The words between `ssh` and a node of an own host that get there without a question. */
const silently = ["-T", "-o", "BatchMode=yes"];

/**
 * The command line that runs a program on a node, as core.
 * @param what words that no shell takes for anything else, since ssh puts them together and gives them to one
 * @throws UserError when the cluster has no such node, or its address is not known
 */
export function nodeCommand(
  paths: LabPaths,
  { access, lab }: Reached,
  outputs: Outputs,
  name: string,
  what: readonly string[],
): string[] {
  const node = findNode(outputs, name);
  // The lab's guests are reached from inside it only; an own host's from here.
  return lab === undefined
    ? [...ownSshWords(node, silently), ...what]
    : access.commandLine([...sshWords(paths, node), ...what]);
}
