/**
 * One connection URI, three readers: libvirt itself (virsh), our own ssh, and the Terraform provider for libvirt, which has
 * an ssh client of its own (terraform-provider-libvirt 0.8.3, libvirt/uri/ssh.go). Where they would not mean the same, it is
 * said here, before anything is made. Pure.
 */
import { HOST, isBySsh, parseConnection, UriError, type UriFault, USER } from "./remote.ts";

/** Transports that the provider has (connection_uri.go). */
const TRANSPORTS: readonly string[] = ["", "unix", "tcp", "tls", "ssh"];

/** How the provider calls the ways to log in. */
const METHODS: readonly string[] = ["agent", "privkey", "ssh-password"];

type Connection = ReturnType<typeof parseConnection>;

/** Paths that are the same file wherever a program runs. */
const isFixed = (path: string): boolean => path.startsWith("/") || path.startsWith("~/");

function ofSsh({ host, user, session, parameters }: Connection, uri: string): UriFault[] {
  const found: UriFault[] = [];
  const add = (part: string, right: string): void => {
    found.push({ found: part, right });
  };
  if (user === undefined)
    add(
      "no user before the host",
      "name the user, root@ for one: the provider doesn't take your own login name, as ssh does",
    );
  else if (user.includes(":"))
    add(
      "a password beside the user",
      "log in with a key: a password in a URI ends up in logs and in the state",
    );
  else if (!USER.test(user))
    add(
      "a user whom ssh would not take",
      "a name of letters, digits and . _ + @ -, not beginning with one of . + @ -",
    );
  if (!HOST.test(host)) add(`the host "${host}"`, "a host's name or address");
  const known = parameters.get("known_hosts");
  if (known !== undefined && !parameters.has("knownhosts"))
    add(
      `known_hosts=${known}`,
      `write knownhosts=${encodeURIComponent(known)}: that is how the provider calls it, and virsh is told by us`,
    );
  for (const name of ["knownhosts", "keyfile"]) {
    const path = parameters.get(name);
    if (path !== undefined && !isFixed(path))
      add(`${name}=${path}`, "an absolute path: the provider and virsh run in different folders");
  }
  const checks = parameters.get("no_verify");
  if (checks !== undefined && Number(checks) === 0)
    add(`no_verify=${checks}`, "leave it out: the provider takes it for no_verify=1, whatever its value");
  const verify = parameters.get("known_hosts_verify");
  if (verify !== undefined && verify !== "ignore" && verify !== "normal")
    add(
      `known_hosts_verify=${verify}`,
      "leave it out, and put the host's key into known_hosts: the provider always wants it there",
    );
  const methods = (parameters.get("sshauth") ?? "")
    .split(",")
    .filter((name) => name !== "" && !METHODS.includes(name));
  if (methods.length > 0)
    add(
      `sshauth=${methods.join(",")}`,
      "agent, privkey or both: the provider has no other way to log in without a password in the URI",
    );
  const query = uri.replace(/^[^?]*\??/, "");
  if (query.includes(";"))
    add("; between parameters", "&: the provider leaves out what stands around a semicolon");
  if (query.includes("+")) add("+ in a parameter", "%2B: the provider takes + for a blank");
  if (session && !parameters.has("socket"))
    add(
      "/session",
      "socket=/run/user/UID/libvirt/libvirt-sock beside it: the provider asks the system's libvirt else",
    );
  return found;
}

/**
 * In what the readers of a connection URI would differ; empty where all mean the same.
 * @throws UriError for what is no connection URI.
 */
export function disagreements(uri: string): UriFault[] {
  const connection = parseConnection(uri);
  const { transport } = connection;
  if (!TRANSPORTS.includes(transport))
    return [
      {
        found: `+${transport}`,
        right: "+ssh: the provider for libvirt has no other transport through ssh",
      },
    ];
  return isBySsh(connection) ? ofSsh(connection, uri) : [];
}

/**
 * The same of any text, what keeps it from being a connection URI included. Neither user nor password is in it; file names and
 * other parameters are.
 * @throws UriError for what has not even a connection URI's form.
 */
export function uriFaults(text: string): UriFault[] {
  try {
    return disagreements(text);
  } catch (error) {
    if (error instanceof UriError && error.fault !== undefined) return [error.fault];
    throw error;
  }
}

/** The URI without a password that somebody has put into it. */
export const withoutPassword = (uri: string): string => uri.replace(/(:\/\/[^:@/?]*):[^@/?]*@/, "$1:...@");

/** @throws UriError that tells all of them. */
export function requireAgreement(uri: string): void {
  const all = disagreements(uri);
  if (all.length === 0) return;
  throw new UriError(
    [
      `The connection URI ${withoutPassword(uri)} (libvirt:uri) does not mean the same to virsh and to Pulumi's provider for libvirt; see docs/remote.md:`,
      ...all.map(({ found, right }) => `  - ${found}; right would be: ${right}`),
    ].join("\n"),
  );
}
