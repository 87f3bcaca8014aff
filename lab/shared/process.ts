/** Running programs: all output goes to the lab's log, and a failure carries the program's last words. */
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { execa, type Options } from "execa";

/** A program that ended badly. `message` is fit to be shown as it is. */
export class ProcessError extends Error {
  override name = "ProcessError";
  readonly exitCode: number | undefined;
  readonly output: string;
  /** What ended it from outside, such as `SIGKILL`. */
  readonly signal: string | undefined;

  constructor(message: string, exitCode: number | undefined, output: string, signal?: string) {
    super(message);
    this.exitCode = exitCode;
    this.output = output;
    this.signal = signal;
  }
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the environment of this process; `undefined` takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The file that the command line and all output are appended to. */
  readonly log?: string;
  readonly input?: string;
  /** Seconds after which the program is ended; none by default. */
  readonly timeout?: number;
  /** Sees each line of the output as it comes. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
}

const lastLines = (text: string, count: number): string =>
  text.trimEnd().split("\n").slice(-count).join("\n");

/**
 * Runs a program to its end, without a shell.
 * @throws ProcessError when it can't be started, exits with a code other than 0, is ended by a signal or times out.
 */
export async function run(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const { cwd, env, log, input, timeout, onLine, signal } = options;
  const note = (text: string): void => {
    // What Pulumi prints of its state is nobody else's to read.
    if (log !== undefined) appendFileSync(log, text, { mode: 0o600 });
  };
  if (log !== undefined) mkdirSync(dirname(log), { recursive: true });
  note(`\n[${new Date().toISOString()}] $ ${[file, ...args].join(" ")}\n`);
  const execaOptions = {
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    ...(timeout === undefined ? {} : { timeout: timeout * 1000 }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
    ...(input === undefined ? { stdin: "ignore" as const } : { input }),
    all: true as const,
    reject: false as const,
  } satisfies Options;
  const child = execa(file, args, execaOptions);
  const watch = async (): Promise<void> => {
    for await (const line of child.iterable({ from: "all" })) {
      note(`${line}\n`);
      onLine?.(line);
    }
  };
  // The iterable rejects when the program fails to start or fails; `result` below says so in full.
  const [result] = await Promise.all([child, watch().catch(() => undefined)]);
  if (result.failed) {
    const how = result.timedOut
      ? `did not end within ${timeout} seconds`
      : result.signal !== undefined
        ? `was ended by ${result.signal}`
        : result.exitCode !== undefined
          ? `exited with code ${result.exitCode}`
          : result.originalMessage;
    const words = lastLines(result.all, 15);
    throw new ProcessError(
      `${file} ${args[0] ?? ""} ${how}${words === "" ? "" : `:\n${words}`}`,
      result.exitCode,
      result.all,
      result.signal,
    );
  }
  return { stdout: result.stdout, stderr: result.stderr };
}
