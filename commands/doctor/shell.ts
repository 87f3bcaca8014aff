/** Running programs on the libvirt host: here, or through ssh. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quote } from "../../plan/remedies.ts";
import { typed } from "../../plan/typed.ts";
import { placeOf, sshWords, type Connection } from "./connectionUri.ts";
import type { HostShell, Output, RunOptions } from "./types.ts";

/** Seconds. */
const PATIENCE = 20;

/** Programs of the system lie in places that a user's PATH may leave out. */
const SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin";

/** Runs a program of this machine. Never throws. */
export const runHere = (
  [file, ...args]: readonly [string, ...string[]],
  { input, timeout = PATIENCE }: RunOptions = {},
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
    child.stdin?.end(input ?? "");
  });

/** A command with sudo; a shell's own signs count inside of it. */
const withSudo = (command: string): string =>
  /[|>&;]/.test(command) ? `sudo sh -c ${quote(command)}` : `sudo ${command}`;

/**
 * This machine. `sudo` stands before commands for people who are not root.
 * @param prefix what stands before commands that are to run where this process runs (see plan/typed.ts).
 */
export const localShell = (root: boolean, prefix?: string): HostShell => ({
  name: "this machine",
  local: true,
  run: runHere,
  asRoot: (command) => (prefix !== undefined ? typed(command, prefix) : root ? command : withSudo(command)),
  close: () => Promise.resolve(),
});

/** Another machine, through ssh. */
export async function sshShell(connection: Connection): Promise<HostShell> {
  const folder = await mkdtemp(join(tmpdir(), "doctor-"));
  const words = sshWords(connection, join(folder, "ssh"));
  const { host, port, user } = connection;
  const login = `ssh ${port === "" ? "" : `-p ${port} `}${quote(user === "" ? host : `${user}@${host}`)}`;
  return {
    name: host,
    local: false,
    run: (command, options) =>
      // sshd gives one line to the login's shell: each word is quoted for it. `env` finds what lies in sbin.
      runHere(
        [...words, `PATH="$PATH:${SYSTEM_PATH}" LC_ALL=C ${command.map(quote).join(" ")}`] as unknown as [
          string,
          ...string[],
        ],
        options,
      ),
    asRoot: (command) => `${login} ${quote(user === "root" ? command : withSudo(command))}`,
    close: async () => {
      await runHere([words[0], "-O", "exit", ...words.slice(1)], { timeout: 5 });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** How programs are run on a connection's host; undefined where the connection says nothing of it. */
export async function shellOf(connection: Connection, prefix?: string): Promise<HostShell | undefined> {
  switch (placeOf(connection)) {
    case "here":
      return localShell(process.getuid?.() === 0, prefix);
    case "ssh":
      return await sshShell(connection);
    case undefined:
      return undefined;
  }
}

/** Whether a shell is root's. */
export const isRoot = async (shell: HostShell): Promise<boolean> =>
  (await shell.run(["id", "-u"])).stdout.trim() === "0";
