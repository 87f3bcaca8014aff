/**
 * One ssh connection for all that is asked of a host: by virsh, by programs on it, by tunnels into its networks. ssh itself
 * shares it (ControlMaster in ssh_config(5)), between processes too, and ends it by itself soon after the last use. So
 * nobody logs in a hundred times, and a host that stops answering is noticed within seconds.
 */
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readlinkSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  isBySsh,
  parseConnection,
  quotedPath,
  type SshExtras,
  sshTo,
  virshsOptions,
  withSshProgram,
} from "./remote.ts";
import { shellCommand } from "./shell.ts";

/** How long ssh waits for a host, in seconds: to connect; and to hear of one that it is connected to, three times. */
const PATIENCE = { ConnectTimeout: "10", ServerAliveInterval: "5", ServerAliveCountMax: "3" } as const;

/** Seconds that a connection is kept when nobody uses it. */
const KEPT = 20;

/** Bytes that a socket's path may have (unix(7)), less what ssh adds to it while it makes it. */
const LONGEST = 107 - 18;

/**
 * The folder of this user's connections: closed to others, since whoever can open a socket in it is logged in.
 * Undefined where there can't be such a folder; each ssh makes a connection of its own then.
 */
function folder(): string | undefined {
  const user = process.getuid?.() ?? 0;
  const path = join(tmpdir(), `coreos-cluster-ssh-${user}`);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const found = lstatSync(path);
    return found.isDirectory() && found.uid === user && (found.mode & 0o077) === 0 ? path : undefined;
  } catch {
    return undefined;
  }
}

const digest = (...texts: readonly string[]): string =>
  createHash("sha256").update(texts.join("\0")).digest("hex").slice(0, 16);

/** The same address is another host in another network namespace. */
const network = (): string => {
  try {
    return readlinkSync("/proc/self/ns/net");
  } catch {
    return "";
  }
};

/** Nobody can be asked for a password or about a host's key where there is no terminal, and Pulumi's is its own. */
const silent = (): Readonly<Record<string, string>> =>
  process.stdin.isTTY ? {} : { BatchMode: "yes", NumberOfPasswordPrompts: "0" };

/** ssh options for a connection that is shared by all who reach a host in the same way. */
function sharing(uri: string): Readonly<Record<string, string>> {
  const options = { ...PATIENCE, ...silent() };
  const at = folder();
  const socket = at === undefined ? "" : join(at, digest(network(), ...sshTo(uri)));
  if (at === undefined || Buffer.byteLength(socket) > LONGEST) return options;
  const escaped = quotedPath(socket.replaceAll("%", "%%"));
  return { ...options, ControlMaster: "auto", ControlPath: escaped, ControlPersist: String(KEPT) };
}

/**
 * The ssh command line that gets to a URI's host (see {@link sshTo}) over the shared connection.
 * @throws UriError
 */
export const sharedSsh = (uri: string, words: SshExtras["words"] = []): string[] =>
  sshTo(uri, { options: sharing(uri), words });

/**
 * The URI that virsh is to be given: where libvirt's own `ssh` transport is used, with a program that is ssh with the
 * options that the other questions have, since libvirt has no parameters for them.
 * @throws UriError
 */
export function virshsUri(uri: string): string {
  const connection = parseConnection(uri);
  const at = connection.transport === "ssh" && isBySsh(connection) ? folder() : undefined;
  if (at === undefined) return uri;
  const ssh = [connection.parameters.get("command") ?? "ssh", ...virshsOptions(uri, sharing(uri))];
  const text = `#!/bin/sh\nexec ${shellCommand(ssh)} "$@"\n`;
  const program = join(at, `ssh-${digest(text)}`);
  const temporary = `${program}.${process.pid}`;
  writeFileSync(temporary, text, { mode: 0o700 });
  renameSync(temporary, program);
  return withSshProgram(uri, program);
}
