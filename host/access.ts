/** A libvirt host as a place where programs run: this machine, a lab's namespaces, or a machine behind ssh. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { inTurn } from "./queue.ts";
import { isThisMachine, parseConnection } from "./remote.ts";
import { sharedSsh } from "./sharedSsh.ts";
import { shellCommand } from "./shell.ts";
import { withAdvice } from "./trouble.ts";
import { type Virsh, virshOn } from "./virsh.ts";

/** A program on the host ended badly, or the host can't be reached. `message` is fit to be shown as it is. */
export class HostCommandError extends Error {
  override name = "HostCommandError";
  /** Undefined where it was not started. ssh's own failures are 255. */
  readonly exitCode: number | undefined;

  constructor(message: string, exitCode: number | undefined) {
    super(message);
    this.exitCode = exitCode;
  }
}

export interface HostAccess {
  /** How messages call it: the lab, or its connection URI. */
  readonly title: string;
  readonly uri: string;
  readonly virsh: Virsh;
  /**
   * The command line that, run here, runs `command` there, word for word.
   * @throws UriError where the URI names no way to run programs on the host, ShellWordError for words that no shell takes.
   */
  commandLine(command: readonly string[]): string[];
}

/** A host by its libvirt connection URI. Programs run here, or through the ssh that the URI names. */
export const accessBy = (uri: string): HostAccess => ({
  title: uri,
  uri,
  virsh: virshOn(uri),
  commandLine: (command) =>
    isThisMachine(parseConnection(uri)) ? [...command] : [...sharedSsh(uri), shellCommand(command)],
});

/** A host in namespaces of this machine; `enter` are the words before a command that run it there. */
export const accessInside = (title: string, uri: string, enter: readonly string[]): HostAccess => ({
  title,
  uri,
  virsh: virshOn(uri, enter),
  commandLine: (command) => [...enter, ...command],
});

/** Milliseconds that a short command may take, also through ssh. */
const TIME_LIMIT = 60_000;

/**
 * Runs a program on the host to its end.
 * @returns its standard output.
 * @throws HostCommandError with its last words.
 */
export async function runOn(access: HostAccess, command: readonly string[]): Promise<string> {
  const line = access.commandLine(command);
  const run = (): Promise<string> => runLine(access, command, line);
  // A command line that is not the command itself goes through ssh, or into a lab, which minds no number.
  return await (line[0] === command[0] ? run() : inTurn(access.uri, run));
}

async function runLine(
  access: HostAccess,
  command: readonly string[],
  [file = "", ...args]: readonly string[],
): Promise<string> {
  const child = spawn(file, args, {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: TIME_LIMIT,
    env: { ...process.env, LC_ALL: "C" },
  });
  const ended = new Promise<number | string>((resolve) => {
    child.once("error", (error) => {
      resolve(error.message);
    });
    child.once("close", (code, signal) => {
      resolve(code ?? `ended by ${signal ?? "a signal"} (it may take ${TIME_LIMIT / 1000} seconds)`);
    });
  });
  const [end, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (end === 0) return stdout;
  const said = stderr.trim();
  const words = said.split("\n").slice(-5).join("\n");
  const code = typeof end === "number" ? end : undefined;
  const how = words === "" ? (code === undefined ? String(end) : `exit code ${code}`) : words;
  throw new HostCommandError(
    code === 255 && file !== command[0]
      ? `${access.title} can't be reached by ssh: ${words === "" ? how : withAdvice(access.uri, said)}`
      : `${command[0] ?? ""} on ${access.title}: ${how}`,
    code,
  );
}
