/** `exec CMD`: a command with the lab's tools, settings and network. */
import { constants } from "node:os";
import { execa } from "execa";
import type { LabPaths } from "../../lab/shared/context.ts";
import { refreshes, stackNamed, tellPutBack } from "../hosts/beforeRefresh.ts";
import { openLab } from "../lab/opened.ts";
import { ensureStack } from "../lab/pulumi.ts";
import { restoreFiles } from "../lab/restore.ts";
import type { LabSession } from "../lab/session.ts";
import { ExitError } from "../ui/errors.ts";

/**
 * Runs the command on this terminal and ends with its exit code.
 * @throws UserError when the lab is not up, or the stack can't have that name
 */
export async function exec(paths: LabPaths, stack: string, command: readonly string[]): Promise<void> {
  const session = await openLab(paths, stack);
  await ensureStack(session);
  if (refreshes(command))
    await tellPutBack(() => restoreFiles({ ...session, stack: stackNamed(command) ?? session.stack }));
  await onTerminal(session, command);
}

/**
 * Runs a program in the lab on this terminal.
 * @throws ExitError with the program's exit code when that is not 0
 */
export async function onTerminal(session: LabSession, command: readonly string[]): Promise<void> {
  await runOnTerminal([...session.enter, ...command], session.env);
}

/**
 * Runs a program on this terminal.
 * @param env what it gets besides this process's own environment.
 * @throws ExitError with the program's exit code when that is not 0
 */
export async function runOnTerminal(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const [file = "", ...args] = command;
  // A Ctrl-C is the program's to handle: this process must not end before it.
  const ignore = (): void => undefined;
  process.on("SIGINT", ignore);
  try {
    const result = await execa(file, args, { env, stdio: "inherit", reject: false });
    // As a shell says it: 127 where there is no such program, 128 and the signal's number where a signal ended it.
    const ended = result.signal === undefined ? 127 : 128 + constants.signals[result.signal];
    if (result.failed) throw new ExitError(result.exitCode ?? ended);
  } finally {
    process.off("SIGINT", ignore);
  }
}
