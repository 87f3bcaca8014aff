/** `ssh NODE`: a login on a node, in the lab or on a host of the user's own. */
import { accessInside } from "../../host/access.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { labRuns, reach } from "../hosts/reach.ts";
import { requireRunning } from "../hosts/spread.ts";
import { readStack } from "../hosts/stackState.ts";
import { findNode } from "../lab/clusterView.ts";
import { openLab } from "../lab/opened.ts";
import { sshKey } from "../lab/session.ts";
import { onTerminal, runOnTerminal } from "./exec.ts";

/**
 * The words that log in to a node as core from inside the lab; a command can follow them.
 *
 * Host keys change with each rebuild of a node, so a key is remembered under the domain's id, in a known_hosts file
 * of the lab's own: a rebuilt node is a new host, the same node with another key is refused.
 */
export function sshWords(paths: LabPaths, node: { address: string; domainId: string }): string[] {
  const { identity, knownHosts } = sshKey(paths);
  const options = {
    UserKnownHostsFile: knownHosts,
    StrictHostKeyChecking: "accept-new",
    HostKeyAlias: node.domainId,
    IdentitiesOnly: "yes",
    LogLevel: "ERROR",
  };
  const args = Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  return ["ssh", "-F", "none", ...args, "-i", identity, `core@${node.address}`];
}

/**
 * Logging in to a node of an own host, with the user's own key and settings, through the libvirt host where the node is
 * behind it. A rebuilt node, with its new host key, is a new host.
 */
export const ownSshWords = (
  { address, domainId, proxyCommand }: ReturnType<typeof findNode>,
  more: readonly string[] = [],
): string[] => [
  ...["ssh", ...more, "-o", "StrictHostKeyChecking=accept-new", "-o", `HostKeyAlias=${domainId}`],
  ...(proxyCommand === undefined ? [] : ["-o", `ProxyCommand=${proxyCommand}`]),
  ...["--", `core@${address}`],
];

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
  const reached = elsewhere ? await reach(paths, connect) : undefined;
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
