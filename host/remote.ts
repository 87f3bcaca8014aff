/**
 * What a libvirt connection URI says about the host: where it is, and how ssh gets there as libvirt itself would
 * (https://libvirt.org/uri.html, "Remote URIs"). Pure.
 */

import { shellCommand } from "./shell.ts";

/** A part of a connection URI that is wrong. */
export interface UriFault {
  /** The part, as it stands there, without user and password. */
  readonly found: string;
  /** What would be right, and why. */
  readonly right: string;
}

/** A connection URI that can't be used for this. `message` names the URI's part and what would be right. */
export class UriError extends Error {
  override name = "UriError";
  /** The same without the URI, where it is one part that is wrong. */
  readonly fault: UriFault | undefined;

  constructor(message: string, fault?: UriFault) {
    super(message);
    this.fault = fault;
  }
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
  /** Whether it is a user's own libvirt (`/session`), without privileges. */
  readonly session: boolean;
  /** The extra parameters, decoded; the first of those that are there twice. */
  readonly parameters: ReadonlyMap<string, string>;
}

const decoded = (text: string, uri: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UriError(
      `The connection URI ${uri} has a broken % sequence in "${text}": write %25 for a single %.`,
      { found: "a broken % sequence", right: "%25 for a single %" },
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
  /^([a-z][a-z0-9]*)(?:\+([a-z0-9]+))?:\/\/(?:([^@/?#]*)@)?(\[[^\]]*\]|[^:/?#@]*)(?::([^/?#]*))?(\/[^?#]*)?(?:\?([^#]*))?$/i;

/** @throws UriError for what is no connection URI. */
export function parseConnection(uri: string): ConnectionUri {
  const [, driver, transport = "", user, host = "", port, path = "", query = ""] = FORM.exec(uri) ?? [];
  if (driver === undefined)
    throw new UriError(
      `"${uri}" is no libvirt connection URI. They look like qemu:///system or qemu+ssh://user@host/system.`,
    );
  const number = port === undefined || port === "" ? undefined : Number(port);
  if (number !== undefined && !(Number.isInteger(number) && number >= 1 && number <= 65535))
    throw new UriError(
      `The connection URI ${uri} names the port "${port ?? ""}"; it must be a number from 1 to 65535.`,
      { found: `the port "${port ?? ""}"`, right: "a number from 1 to 65535" },
    );
  return {
    driver: driver.toLowerCase(),
    transport: transport.toLowerCase(),
    host: decoded(host.replace(/^\[(.*)\]$/, "$1"), uri),
    user: user === undefined || user === "" ? undefined : decoded(user, uri),
    port: number,
    session: path === "/session",
    parameters: parametersOf(query, uri),
  };
}

/** The same; undefined for what is no connection URI. */
export function connectionIn(uri: string): ConnectionUri | undefined {
  try {
    return parseConnection(uri);
  } catch (error) {
    if (error instanceof UriError) return undefined;
    throw error;
  }
}

/** True where libvirt's files are this machine's files. */
export const isThisMachine = ({ host }: ConnectionUri): boolean => host === "";

const SSH_TRANSPORTS = ["ssh", "libssh", "libssh2"];

/** How libvirt's authentication methods, and the Terraform provider's, are called by ssh. */
const METHODS: Readonly<Record<string, string>> = {
  agent: "publickey",
  privkey: "publickey",
  password: "password",
  "ssh-password": "password",
  "keyboard-interactive": "keyboard-interactive",
};

/** `known_hosts_verify` of libssh and libssh2, as ssh's StrictHostKeyChecking. */
const VERIFICATION: Readonly<Record<string, string>> = { normal: "yes", auto: "accept-new", ignore: "no" };

const isSet = (value: string | undefined): boolean => value !== undefined && Number(value) !== 0;

/** The file with the host's key: `knownhosts` is how the Terraform provider calls it, `known_hosts` libvirt's libssh. */
export const knownHostsOf = ({ parameters }: ConnectionUri): string | undefined =>
  parameters.get("knownhosts") ?? parameters.get("known_hosts");

/**
 * ssh(1) options that say the same as the URI's parameters. Plain ssh is told of fewer by libvirt, but the provider, which
 * reaches the same host with the same URI, heeds them.
 */
function optionsOf(uri: string, connection: ConnectionUri): Record<string, string> {
  const { parameters } = connection;
  const methods = (parameters.get("sshauth") ?? "").split(",").filter((name) => name !== "");
  const unknown = methods.filter((name) => !Object.hasOwn(METHODS, name.toLowerCase()));
  if (unknown.length > 0)
    throw new UriError(
      `The connection URI ${uri} names the sshauth method "${unknown.join(", ")}"; libvirt knows ${Object.keys(METHODS).join(", ")}.`,
    );
  const verify = parameters.get("known_hosts_verify");
  if (verify !== undefined && !Object.hasOwn(VERIFICATION, verify))
    throw new UriError(
      `The connection URI ${uri} says known_hosts_verify=${verify}; libvirt knows ${Object.keys(VERIFICATION).join(", ")}.`,
    );
  const knownHosts = knownHostsOf(connection);
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

const optionWords = (options: Readonly<Record<string, string>>): string[] =>
  Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);

/** The words that make virsh's own ssh do the same: virsh names user, port, key and host itself. Empty where it needs none. */
export const virshsOptions = (uri: string, more: Readonly<Record<string, string>>): string[] =>
  optionWords({ ...optionsOf(uri, parseConnection(uri)), ...more });

/** Parameters that are not libvirt's where ssh is the transport: it would hand them on to the other end. */
const NOT_LIBVIRTS = ["knownhosts", "known_hosts", "known_hosts_verify", "sshauth"];

/** The URI as libvirt is to see it: without what only ssh and the provider understand, and with this program as ssh. */
export function withSshProgram(uri: string, program: string): string {
  const [, before = uri, query = ""] = /^([^?]*)\??(.*)$/s.exec(uri) ?? [];
  const kept = query
    .split(/[&;]/)
    .filter((part) => part !== "" && ![...NOT_LIBVIRTS, "command"].includes(part.split("=")[0] ?? ""));
  return `${before}?${[...kept, `command=${encodeURIComponent(program)}`].join("&")}`;
}

/** ssh takes a file's name in `-o` apart at blanks, unless it stands in double quotes. */
export const quotedPath = (path: string): string =>
  /[\s"]/.test(path) ? `"${path.replaceAll('"', String.raw`\"`)}"` : path;

/** ssh gives host and user to what ProxyCommand names, through a shell: nothing goes there that a shell could read. */
export const HOST = /^[A-Za-z0-9_][A-Za-z0-9_.:%-]*$/;
export const USER = /^[A-Za-z0-9_][A-Za-z0-9_.@+-]*$/;

/** ssh's ProxyCommand that gets to a machine which the URI's host can reach. @throws UriError as {@link sshTo} does. */
export function proxyCommand(uri: string): string {
  const words = sshTo(uri, { options: { BatchMode: "yes", ConnectTimeout: "10" }, words: ["-W", TARGET] });
  // ssh takes `%` apart, and only then hands the line to a shell.
  return shellCommand(words.map((word) => (word === TARGET ? word : word.replaceAll("%", "%%"))));
}

/** Whether a connection leads to its host by ssh; a short name such as `qemu:` or one of libvirt's aliases doesn't. @throws UriError */
export const isBehindSsh = (uri: string): boolean => uri.includes("://") && isBySsh(parseConnection(uri));

/** How ssh gets to a machine on a connection's host, as a part of what is known of it: empty where that host is not behind ssh. @throws UriError */
export const proxyTo = (uri: string): { readonly proxyCommand?: string } =>
  isBehindSsh(uri) ? { proxyCommand: proxyCommand(uri) } : {};

const TARGET = "%h:%p";

/** What is to be added to an ssh command line: options for `-o` (they win over the URI's), and whole words. */
export interface SshExtras {
  readonly options?: Readonly<Record<string, string>>;
  readonly words?: readonly string[];
}

/** True where the host is another machine that ssh gets to. */
export const isBySsh = ({ transport, host }: ConnectionUri): boolean =>
  SSH_TRANSPORTS.includes(transport) && host !== "";

/**
 * The ssh command line, up to and with the host, that gets to where the URI's libvirt is: with its user, port, key and
 * checks. What follows it is run there by the user's login shell (see shell.ts).
 * @throws UriError where the transport is not one of ssh, or host or user are none that ssh would take.
 */
export function sshTo(uri: string, { options = {}, words = [] }: SshExtras = {}): string[] {
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
    ...optionWords({ ...optionsOf(uri, connection), ...options }),
    ...words,
    "--",
    host,
  ];
}
