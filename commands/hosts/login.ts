/** The words that log in to a node as core, without loading what verbs need beside. */

/** The lab's own key, and where it remembers those of nodes: files. */
export interface LabKey {
  readonly identity: string;
  readonly knownHosts: string;
}

/** What tells programs that run in the lab which key its nodes know. */
const [IDENTITY, KNOWN_HOSTS] = ["CLUSTER_SSH_IDENTITY", "CLUSTER_SSH_KNOWN_HOSTS"] as const;

/** For the environment of what runs in the lab. */
export const keyVariables = ({ identity, knownHosts }: LabKey): Record<string, string> => ({
  [IDENTITY]: identity,
  [KNOWN_HOSTS]: knownHosts,
});

/** Undefined outside of the lab: then ssh is the user's own. */
export function labKeyIn(env: Readonly<Record<string, string | undefined>>): LabKey | undefined {
  const [identity = "", knownHosts = ""] = [env[IDENTITY], env[KNOWN_HOSTS]];
  return identity === "" || knownHosts === "" ? undefined : { identity, knownHosts };
}

/** Where a node is, and which machine it is. */
export interface LoginTo {
  readonly address: string;
  /** libvirt's UUID of the domain. */
  readonly domainId: string;
  /** How ssh gets there where it can't directly. */
  readonly proxyCommand?: string | undefined;
}

/**
 * The words that log in to a node as core from inside the lab; a command can follow them.
 *
 * Host keys change with each rebuild of a node, so a key is remembered under the domain's id, in a known_hosts file
 * of the lab's own: a rebuilt node is a new host, the same node with another key is refused.
 */
export function labSshWords({ identity, knownHosts }: LabKey, node: LoginTo): string[] {
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
  { address, domainId, proxyCommand }: LoginTo,
  more: readonly string[] = [],
): string[] => [
  ...["ssh", ...more, "-o", "StrictHostKeyChecking=accept-new", "-o", `HostKeyAlias=${domainId}`],
  ...(proxyCommand === undefined ? [] : ["-o", `ProxyCommand=${proxyCommand}`]),
  ...["--", `core@${address}`],
];

/** The words between `ssh` and a node of an own host that get there without a question. */
export const SILENTLY = ["-T", "-o", "BatchMode=yes"];
