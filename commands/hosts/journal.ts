/** Programs on a node through ssh as core; journalctl, which tells what a node's console doesn't show. */
import { findNode } from "../lab/clusterView.ts";
import { sshWords } from "../verbs/ssh.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { UserError } from "../ui/errors.ts";
import { ownSshWords, SILENTLY } from "./login.ts";
import type { Reached } from "./reach.ts";
import { isOff, offNow } from "./spread.ts";
import type { Outputs } from "./stackState.ts";

/** journalctl with what was asked for, as words that no shell takes for anything else. */
export const journalctl = (follow: boolean, lines: number | undefined): string[] => [
  ...["sudo", "-n", "journalctl", "--boot", "--no-pager", "--output=short-iso"],
  `--lines=${lines === undefined ? "all" : lines}`,
  ...(follow ? ["--follow"] : []),
];

/**
 * Whose journals can be asked for, and what is said of the others: no ssh gets to a machine that is off. Pure.
 * @param states libvirt's, by name.
 * @param more options by which `resume` finds the same stack.
 * @throws UserError where all are off
 */
export function askable(
  names: readonly string[],
  states: ReadonlyMap<string, string>,
  more: readonly string[],
): { readonly names: readonly string[]; readonly remark: string | undefined } {
  const said = offNow(names, states, more);
  if (said === undefined) return { names, remark: undefined };
  const on = names.filter((name) => !isOff(states.get(name)));
  if (on.length === 0)
    throw new UserError(
      `${said}\nWhat the consoles have shown is there all the same: logs without --journal`,
    );
  return { names: on, remark: said };
}

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
    ? [...ownSshWords(node, SILENTLY), ...what]
    : access.commandLine([...sshWords(paths, node), ...what]);
}
