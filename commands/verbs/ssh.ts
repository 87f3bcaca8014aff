/** `ssh NODE`: a login on a node, through the lab. */
import type { LabPaths } from "../../lab/shared/context.ts";
import { findNode } from "../lab/clusterView.ts";
import { openLab } from "../lab/opened.ts";
import { outputs } from "../lab/pulumi.ts";
import { sshKey } from "../lab/session.ts";
import { onTerminal } from "./exec.ts";

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

/** A login, or a command, on this terminal. */
export async function ssh(
  paths: LabPaths,
  stack: string,
  name: string,
  command: readonly string[],
): Promise<void> {
  const session = await openLab(paths, stack);
  const node = findNode(await outputs(session), name);
  await onTerminal(session, [...sshWords(paths, node), ...command]);
}
