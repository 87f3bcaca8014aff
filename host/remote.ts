/**
 * What a libvirt connection URI says about the host: where it is, and how ssh gets there as libvirt itself would
 * (https://libvirt.org/uri.html, "Remote URIs"). Pure.
 */

/** A connection URI that can't be used for this. `message` names the URI's part and what would be right. */
export class UriError extends Error {
  override name = "UriError";
}

/** A connection URI, taken apart. */
export interface ConnectionUri {
  /** `qemu`, `xen`, ... */
  readonly driver: string;
  /** `ssh`, `libssh`, `libssh2`, `tls`, `tcp`, `unix`, `ext`; empty where none is named. */
  readonly transport: string;
  /** Empty for this machine. An IPv6 address has no brackets. */
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
  /** The extra parameters, decoded; the first of those that are there twice. */
  readonly parameters: ReadonlyMap<string, string>;
}

const decoded = (text: string, uri: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UriError(
      `The connection URI ${uri} has a broken % sequence in "${text}": write %25 for a single %.`,
    );
  }
};

/** `&` or `;` separates parameters, and `+` is a plus: libvirt reads its query so, unlike web forms. */
function parametersOf(query: string, uri: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of query.split(/[&;]/)) {
    const [, name = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(part) ?? [];
    if (name !== "" && !found.has(name)) found.set(decoded(name, uri), decoded(value, uri));
  }
  return found;
}

/** `driver[+transport]://[user@][host][:port]/[path][?parameters]` */
const FORM =
  /^([a-z][a-z0-9]*)(?:\+([a-z0-9]+))?:\/\/(?:([^@/?#]*)@)?(\[[^\]]*\]|[^:/?#@]*)(?::([^/?#]*))?(?:\/[^?#]*)?(?:\?([^#]*))?$/i;

/** @throws UriError for what is no connection URI. */
export function parseConnection(uri: string): ConnectionUri {
  const [, driver, transport = "", user, host = "", port, query = ""] = FORM.exec(uri) ?? [];
  if (driver === undefined)
    throw new UriError(
      `"${uri}" is no libvirt connection URI. They look like qemu:///system or qemu+ssh://user@host/system.`,
    );
  const number = port === undefined || port === "" ? undefined : Number(port);
  if (number !== undefined && !(Number.isInteger(number) && number >= 1 && number <= 65535))
    throw new UriError(
      `The connection URI ${uri} names the port "${port ?? ""}"; it must be a number from 1 to 65535.`,
    );
  return {
    driver: driver.toLowerCase(),
    transport: transport.toLowerCase(),
    host: decoded(host.replace(/^\[(.*)\]$/, "$1"), uri),
    user: user === undefined || user === "" ? undefined : decoded(user, uri),
    port: number,
    parameters: parametersOf(query, uri),
  };
}

/** True where libvirt's files are this machine's files. */
export const isThisMachine = ({ host }: ConnectionUri): boolean => host === "";

const SSH_TRANSPORTS = ["ssh", "libssh", "libssh2"];

/** How libvirt's authentication methods are called by ssh. */
const METHODS: Readonly<Record<string, string>> = {
  agent: "publickey",
  privkey: "publickey",
  password: "password",
  "keyboard-interactive": "keyboard-interactive",
};

/** `known_hosts_verify` of libssh and libssh2, as ssh's StrictHostKeyChecking. */
const VERIFICATION: Readonly<Record<string, string>> = { normal: "yes", auto: "accept-new", ignore: "no" };

const isSet = (value: string | undefined): boolean => value !== undefined && Number(value) !== 0;

/** ssh(1) options that say the same as the URI's parameters. */
function optionsOf(uri: string, { transport, parameters }: ConnectionUri): Record<string, string> {
  const own = transport !== "ssh"; // libssh and libssh2 know these; with plain ssh, libvirt leaves them to ssh_config
  const methods = own ? (parameters.get("sshauth") ?? "").split(",").filter((name) => name !== "") : [];
  const unknown = methods.filter((name) => !Object.hasOwn(METHODS, name.toLowerCase()));
  if (unknown.length > 0)
    throw new UriError(
      `The connection URI ${uri} names the sshauth method "${unknown.join(", ")}"; libvirt knows ${Object.keys(METHODS).join(", ")}.`,
    );
  const verify = own ? parameters.get("known_hosts_verify") : undefined;
  if (verify !== undefined && !Object.hasOwn(VERIFICATION, verify))
    throw new UriError(
      `The connection URI ${uri} says known_hosts_verify=${verify}; libvirt knows ${Object.keys(VERIFICATION).join(", ")}.`,
    );
  const knownHosts = own ? parameters.get("known_hosts") : undefined;
  const checking = isSet(parameters.get("no_verify")) ? "no" : VERIFICATION[verify ?? ""];
  return {
    ...(knownHosts === undefined ? {} : { UserKnownHostsFile: quotedPath(knownHosts) }),
    ...(checking === undefined ? {} : { StrictHostKeyChecking: checking }),
    ...(methods.length === 0
      ? {}
      : {
          PreferredAuthentications: [...new Set(methods.map((name) => METHODS[name.toLowerCase()]))].join(
            ",",
          ),
          ...(methods.some((name) => name === "agent") || !methods.includes("privkey")
            ? {}
            : { IdentityAgent: "none" }),
        }),
  };
}

/** ssh takes a file's name in `-o` apart at blanks, unless it stands in double quotes. */
const quotedPath = (path: string): string =>
  /[\s"]/.test(path) ? `"${path.replaceAll('"', String.raw`\"`)}"` : path;

/** ssh gives host and user to what ProxyCommand names, through a shell: nothing goes there that a shell could read. */
const HOST = /^[A-Za-z0-9_][A-Za-z0-9_.:%-]*$/;
const USER = /^[A-Za-z0-9_][A-Za-z0-9_.@+-]*$/;

/**
 * The ssh command line, up to and with the host, that gets to where the URI's libvirt is: with its user, port, key and
 * checks. What follows it is run there by the user's login shell (see shell.ts).
 * @throws UriError where the transport is not one of ssh, or host or user are none that ssh would take.
 */
export function sshTo(uri: string): string[] {
  const connection = parseConnection(uri);
  const { transport, host, user, port, parameters } = connection;
  if (!SSH_TRANSPORTS.includes(transport))
    throw new UriError(
      `${uri} reaches libvirt by ${transport === "" ? "tls" : transport}, and that brings no files from the host. ` +
        `Name the same host as ${connection.driver}+ssh://${host || "HOST"}/system.`,
    );
  if (!HOST.test(host))
    throw new UriError(
      `The connection URI ${uri} names the host "${host}", which is no host's name or address.`,
    );
  if (user !== undefined && !USER.test(user))
    throw new UriError(
      `The connection URI ${uri} names the user "${user}", which is no user's name that ssh would take.`,
    );
  const keyfile = parameters.get("keyfile");
  const quiet = isSet(parameters.get("no_tty")) ? ["-o", "BatchMode=yes"] : [];
  return [
    (transport === "ssh" ? parameters.get("command") : undefined) ?? "ssh",
    ...["-T", "-e", "none", ...quiet],
    ...(port === undefined ? [] : ["-p", String(port)]),
    ...(user === undefined ? [] : ["-l", user]),
    ...(keyfile === undefined ? [] : ["-i", keyfile]),
    ...Object.entries(optionsOf(uri, connection)).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
    "--",
    host,
  ];
}
