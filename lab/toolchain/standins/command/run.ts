/** Running one command of a Command resource. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { CommandInputs } from "./inputs.ts";

export interface Outputs {
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunContext {
  readonly signal: AbortSignal;
  readonly status: (line: string) => void;
}

/** How long a cancelled command has to clean up, in milliseconds, before it is killed. */
const GRACE = 2000;
const DEFAULT_INTERPRETER = ["/bin/sh", "-c"];

const running = new Set<ChildProcess>();

/** Signals the command and all that it has started: it leads a process group of its own. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended already.
  }
}

/** Ends every command that still runs, at once. */
export function endAll(): void {
  for (const child of running) signalGroup(child, "SIGKILL");
}

/** The command's environment: ours, the resource's, and what the last run printed. */
export function commandEnvironment(
  inputs: CommandInputs,
  old: Outputs,
  own: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const previous: NodeJS.ProcessEnv = {};
  if (inputs.addPreviousOutputInEnv !== false) {
    if (old.stdout !== "") previous["PULUMI_COMMAND_STDOUT"] = old.stdout;
    if (old.stderr !== "") previous["PULUMI_COMMAND_STDERR"] = old.stderr;
  }
  return { ...own, ...inputs.environment, ...previous };
}

/** Reads a stream to its end, and shows its lines as they come if asked to. */
function capture(
  stream: Readable,
  shown: boolean,
  onChunk: (chunk: string) => void,
  show: (line: string) => void,
) {
  stream.setEncoding("utf8");
  stream.on("data", onChunk);
  if (shown) createInterface({ input: stream, crlfDelay: Infinity }).on("line", show);
}

/**
 * Runs `line` by the resource's interpreter.
 * @returns what it printed, each without one last line feed.
 * @throws an error that carries the exit code, the command and all its output.
 */
export async function runCommand(
  line: string,
  inputs: CommandInputs,
  old: Outputs,
  context: RunContext,
): Promise<Outputs> {
  const interpreter =
    inputs.interpreter === undefined || inputs.interpreter.length === 0
      ? DEFAULT_INTERPRETER
      : inputs.interpreter;
  const [program, ...args] = [...interpreter, line];
  const logging = inputs.logging ?? "stdoutAndStderr";
  // spawn would blame the interpreter for a missing folder
  if (inputs.dir !== undefined && !existsSync(inputs.dir)) {
    throw new Error(`chdir ${inputs.dir}: no such folder: running ${JSON.stringify(line)}`);
  }
  if (context.signal.aborted) throw new Error(`cancelled: running ${JSON.stringify(line)}`);
  const child = spawn(program, args, {
    cwd: inputs.dir ?? process.cwd(),
    env: commandEnvironment(inputs, old),
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  running.add(child);
  let [stdout, stderr, both] = ["", "", ""];
  capture(
    child.stdout,
    logging === "stdout" || logging === "stdoutAndStderr",
    (chunk) => {
      stdout += chunk;
      both += chunk;
    },
    context.status,
  );
  capture(
    child.stderr,
    logging === "stderr" || logging === "stdoutAndStderr",
    (chunk) => {
      stderr += chunk;
      both += chunk;
    },
    context.status,
  );
  child.stdin.on("error", () => undefined); // it may end without reading its input
  child.stdin.end(inputs.stdin ?? "");
  const cancel = (): void => {
    signalGroup(child, "SIGTERM");
    setTimeout(() => {
      signalGroup(child, "SIGKILL");
    }, GRACE).unref();
  };
  context.signal.addEventListener("abort", cancel, { once: true });
  try {
    const failure = await new Promise<string | undefined>((resolve) => {
      child.on("error", (error) => {
        resolve(error.message);
      });
      child.on("close", (code, signal) => {
        resolve(
          code === 0 ? undefined : signal === null ? `exit status ${String(code)}` : `signal: ${signal}`,
        );
      });
    });
    if (failure !== undefined) throw new Error(`${failure}: running ${JSON.stringify(line)}:\n${both}`);
  } finally {
    running.delete(child);
    context.signal.removeEventListener("abort", cancel);
  }
  return { stdout: stdout.replace(/\n$/, ""), stderr: stderr.replace(/\n$/, "") };
}
