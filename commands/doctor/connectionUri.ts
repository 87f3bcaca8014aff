/** What a libvirt connection URI (https://libvirt.org/uri.html) says of the host behind it. */

export interface Connection {
  readonly uri: string;
  readonly driver: string;
  /** `ssh`, `tls`, `unix`, ...; empty where the URI names none. */
  readonly transport: string;
  /** Empty: this machine. */
  readonly host: string;
  readonly user: string;
  readonly port: string;
  /** `/session`: the connection of a user, without privileges. */
  readonly session: boolean;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Parses a connection URI; undefined where it is none. */
export function parseConnection(uri: string): Connection | undefined {
  const found =
    /^([a-z0-9]+)(?:\+([a-z0-9]+))?:\/\/(?:([^@/?#]*)@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d+))?(\/[^?#]*)?(?:\?([^#]*))?$/i.exec(
      uri,
    );
  if (found === null) return undefined;
  const [, driver = "", transport = "", user = "", host = "", port = "", path = "", query = ""] = found;
  return {
    uri,
    driver: driver.toLowerCase(),
    transport: transport.toLowerCase(),
    host: host.replace(/^\[(.*)\]$/, "$1"),
    user: decodeURIComponent(user),
    port,
    session: path === "/session",
    parameters: new Map(new URLSearchParams(query)),
  };
}

/** Transports that log in on the host by ssh. */
const BY_SSH: readonly string[] = ["ssh", "libssh", "libssh2"];

/** Where programs can be run to ask the host: on this machine, by ssh, or (undefined) nowhere. */
export function placeOf({ host, transport }: Connection): "here" | "ssh" | undefined {
  if (BY_SSH.includes(transport)) return host === "" ? "here" : "ssh";
  return host === "" ? "here" : undefined;
}

/**
 * The words of an ssh command that reaches the host as libvirt would: its `keyfile`, `known_hosts` (libssh), `no_verify` and
 * `command` count. It never asks for a password: a check must not wait for one.
 */
export function sshWords(connection: Connection, control: string): [string, ...string[]] {
  const { parameters, user, port, host } = connection;
  const key = parameters.get("keyfile");
  const known = parameters.get("known_hosts");
  const unverified = parameters.get("no_verify") === "1" || parameters.get("known_hosts_verify") === "ignore";
  return [
    parameters.get("command") ?? "ssh",
    ...["-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"],
    // One connection serves all questions, and ends by itself.
    ...["-o", "ControlMaster=auto", "-o", `ControlPath=${control}`, "-o", "ControlPersist=30"],
    ...(key === undefined ? [] : ["-i", key]),
    ...(known === undefined ? [] : ["-o", `UserKnownHostsFile=${known}`]),
    ...(unverified ? ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"] : []),
    ...(user === "" ? [] : ["-l", user]),
    ...(port === "" ? [] : ["-p", port]),
    "--",
    host,
  ];
}
