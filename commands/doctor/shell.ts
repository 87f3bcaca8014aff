/** Running programs on the libvirt host: here, or through ssh. */
import { execFile } from "node:child_process";
import {
  connectionIn,
  type ConnectionUri,
  isBySsh,
  isThisMachine,
  parseConnection,
} from "../../host/remote.ts";
import { sharedSsh } from "../../host/sharedSsh.ts";
import { destinationOf } from "../../host/trouble.ts";
import { quote } from "../../plan/remedies.ts";
import type { HostShell, Output, RunOptions } from "./types.ts";

/** Seconds. */
const PATIENCE = 20;

/** Programs of the system lie in places that a user's PATH may leave out. */
const SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin";

/** Runs a program of this machine. Never throws. */
export const runHere = (
  [file, ...args]: readonly [string, ...string[]],
  { input, held = false, timeout = PATIENCE }: RunOptions = {},
): Promise<Output> =>
  new Promise((resolve) => {
    const env = {
      ...process.env,
      LC_ALL: "C",
      PATH: `${process.env["PATH"] ?? "/usr/bin:/bin"}:${SYSTEM_PATH}`,
    };
    const options = { timeout: timeout * 1000, killSignal: "SIGKILL", maxBuffer: 2 ** 24, env } as const;
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === "number") resolve({ code: error.code, stdout, stderr });
      else if ((error as NodeJS.ErrnoException).code === "ENOENT")
        resolve({ code: 127, stdout: "", stderr: `${file}: not found` });
      else if (error.killed) resolve({ code: 124, stdout, stderr: `no answer within ${timeout} seconds` });
      else resolve({ code: 126, stdout, stderr: stderr === "" ? error.message : stderr });
    });
    child.stdin?.on("error", () => undefined); // it ended without reading
    if (!held) child.stdin?.end(input ?? "");
  });

/** A command behind another one that runs it; a shell's own signs count inside of it. */
const behind = (before: string, command: string): string =>
  /[|>&;]/.test(command) ? `${before} sh -c ${quote(command)}` : `${before} ${command}`;

const withSudo = (command: string): string => behind("sudo", command);

/**
 * This machine. `sudo` stands before commands for people who are not root.
 * @param prefix what stands before commands that are to run where this process runs (see plan/typed.ts).
 */
export const localShell = (root: boolean, prefix?: string): HostShell => ({
  name: "this machine",
  local: true,
  run: runHere,
  words: (command) => [...command],
  asRoot: (command) => (prefix !== undefined ? behind(prefix, command) : root ? command : withSudo(command)),
  close: () => Promise.resolve(),
});

/** Where programs can be run to ask the host: on this machine, by ssh, or (undefined) nowhere. */
export const placeOf = (connection: ConnectionUri): "here" | "ssh" | undefined =>
  isThisMachine(connection) ? "here" : isBySsh(connection) ? "ssh" : undefined;

/**
 * Another machine, through the ssh connection that all questions to it share.
 * @throws UriError for a host or user that ssh would not take.
 */
export function sshShell(uri: string): HostShell {
  const words = sharedSsh(uri);
  const connection = parseConnection(uri);
  const { host, user } = connection;
  const login = `ssh ${destinationOf(connection)}`;
  // sshd gives one line to the login's shell: each word is quoted for it.
  const there = (command: readonly string[]): [string, ...string[]] =>
    [...words, `PATH="$PATH:${SYSTEM_PATH}" LC_ALL=C ${command.map(quote).join(" ")}`] as unknown as [
      string,
      ...string[],
    ];
  return {
    name: host,
    local: false,
    run: (command, options) => runHere(there(command), options),
    words: there,
    asRoot: (command) => `${login} ${quote(user === "root" ? command : withSudo(command))}`,
    close: () => Promise.resolve(), // the connection ends by itself, soon after the last use
  };
}

/**
 * How programs are run on a connection's host; undefined where the connection says nothing of it.
 * @throws UriError
 */
export function shellOf(uri: string, prefix?: string): HostShell | undefined {
  const connection = connectionIn(uri);
  switch (connection === undefined ? undefined : placeOf(connection)) {
    case "here":
      return localShell(process.getuid?.() === 0, prefix);
    case "ssh":
      return sshShell(uri);
    case undefined:
      return undefined;
  }
}

/** Whether a shell is root's. */
export const isRoot = async (shell: HostShell): Promise<boolean> =>
  (await shell.run(["id", "-u"])).stdout.trim() === "0";
