/** `ssh NODE`: a login on a node, in the lab or on a host of the user's own. */
import { accessInside } from "../../host/access.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { labSshWords, ownSshWords } from "../hosts/login.ts";
import { labRuns, reachStack } from "../hosts/reach.ts";
import { requireRunning } from "../hosts/spread.ts";
import { readStack } from "../hosts/stackState.ts";
import { findNode } from "../lab/clusterView.ts";
import { openLab } from "../lab/opened.ts";
import { sshKey } from "../lab/session.ts";
import { onTerminal, runOnTerminal } from "./exec.ts";

/** The words that log in to a node as core from inside the lab; a command can follow them. */
export const sshWords = (paths: LabPaths, node: { address: string; domainId: string }): string[] =>
  labSshWords(sshKey(paths), node);

export interface SshOptions {
  readonly stack?: string;
  readonly connect?: string;
}

/** A login, or a command, on this terminal. */
export async function ssh(
  paths: LabPaths,
  { stack, connect }: SshOptions,
  name: string,
  command: readonly string[],
): Promise<void> {
  const elsewhere = connect !== undefined || !(await labRuns(paths));
  const reached = elsewhere ? await reachStack(paths, connect) : undefined;
  if (reached !== undefined && reached.lab === undefined) {
    const { outputs: found } = await readStack(paths, reached, stack);
    await runOnTerminal([...ownSshWords(findNode(found, name)), ...command], {});
    return;
  }
  const session = await openLab(paths, stack ?? "dev");
  const { context, enter } = session;
  const access = accessInside("the lab", "qemu:///system", enter);
  const inLab = { access, lab: context };
  const state = await readStack(paths, inLab, session.stack);
  const node = findNode(state.outputs, name);
  await requireRunning(inLab, state, [name], { stack });
  await onTerminal(session, [...sshWords(paths, node), ...command]);
}
