/** Console logs where they are: files on the libvirt host, written by its virtlogd and rotated as they grow. */
import { spawn } from "node:child_process";
import { type HostAccess, HostCommandError, runOn } from "../../host/access.ts";
import { UserError } from "../ui/errors.ts";

/** A node with the file that its serial console is logged to. */
export interface ConsoleLog {
  readonly name: string;
  /** Absolute path on the host. */
  readonly file: string;
}

/** Where domain.xsl has the console logged; it stays there when the machine is gone. */
export const defaultLog = (name: string): string => `/var/log/libvirt/qemu/${name}-console.log`;

/** Prints the rotated parts that there are, the oldest first, then the log itself, which must be there ($0). */
const READ =
  'for part in "$0.2" "$0.1" "$0.0"; do if [ -e "$part" ]; then cat -- "$part"; fi; done; exec cat -- "$0"';

/** Whether there is a log; false too where its folder may not be read. */
export async function hasLog(access: HostAccess, { file }: ConsoleLog): Promise<boolean> {
  try {
    await runOn(access, ["test", "-e", file]);
    return true;
  } catch (error) {
    if (error instanceof HostCommandError && error.exitCode === 1) return false;
    throw error;
  }
}

/** What to do about a log that can't be read, by what `cat` says. */
function explained(error: HostCommandError, { name, file }: ConsoleLog, access: HostAccess): Error {
  if (/Permission denied/i.test(error.message) && error.exitCode !== 255)
    return new UserError(
      `the console log of ${name} may not be read on ${access.title}: ${file} belongs to root there. ` +
        `Run this with sudo, or for a host behind ssh, connect as root: qemu+ssh://root@HOST/system`,
      { cause: error },
    );
  if (/No such file/i.test(error.message))
    return new UserError(
      `there is no console log of ${name} on ${access.title} (${file}): it has not been started yet, or somebody removed the log`,
      { cause: error },
    );
  return error;
}

/**
 * All that a console has shown, rotated parts included.
 * @throws UserError that says what to do where the log is missing or not to be read
 */
export async function readLog(access: HostAccess, log: ConsoleLog): Promise<string> {
  try {
    return await runOn(access, ["sh", "-c", READ, log.file]);
  } catch (error) {
    throw error instanceof HostCommandError ? explained(error, log, access) : error;
  }
}

/**
 * Prints what is there (the rotated parts too, where all of it is wanted: $1 is +1), and then what comes. It ends with its
 * standard input, so that nothing goes on over there when this end is gone, however it went.
 */
const FOLLOW =
  'if [ "$1" = +1 ]; then for part in "$0.2" "$0.1" "$0.0"; do if [ -e "$part" ]; then cat -- "$part"; fi; done; fi; ' +
  'tail -n "$1" -F -- "$0" & trap "kill $!" EXIT; trap exit HUP INT TERM; cat >/dev/null';

/**
 * Follows a log through rotation and through restarts of its machine.
 * @param lines how many of the lines that are there come first; all of them where it is undefined
 * @returns when `signal` says so, or by itself when the way to the host is lost
 */
export const followLog = (
  access: HostAccess,
  { file }: ConsoleLog,
  lines: number | undefined,
  onText: (text: string) => void,
  signal: AbortSignal,
): Promise<void> =>
  streamed(
    access.commandLine(["sh", "-c", FOLLOW, file, lines === undefined ? "+1" : String(lines)]),
    onText,
    signal,
  );

/** Runs a command line until it ends, or until `signal` ends its standard input; gives on what it prints. */
export async function streamed(
  commandLine: readonly string[],
  onText: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const [program = "", ...args] = commandLine;
  // In a group of its own: a Ctrl-C is for this process, which then closes the pipe.
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"], detached: true });
  child.stdin.on("error", () => undefined); // it ended before
  const stop = (): void => {
    child.stdin.end();
    // ssh to a node's journal doesn't mind the end of its input.
    setTimeout(() => child.kill(), 1000).unref();
  };
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  child.stdout.setEncoding("utf8").on("data", onText);
  try {
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", () => {
        resolve();
      });
    });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
