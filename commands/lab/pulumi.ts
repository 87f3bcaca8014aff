/** What the CLI asks of Pulumi in the lab. */
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { stateFolder } from "../../lab/toolchain/index.ts";
import { ProcessError } from "../../lab/shared/process.ts";
import { clearDiskless } from "./diskless.ts";
import { isHalfDestroyed } from "./halfDestroyed.ts";
import { locksOf } from "./locks.ts";
import { endOrphans } from "./orphans.ts";
import { changes, failure, warnings } from "./pulumiOutput.ts";
import { UserError } from "../ui/errors.ts";
import { restoreFiles, settleMachines } from "./restore.ts";
import { runInLab, type LabSession } from "./session.ts";
import { stateFiles } from "./state.ts";

const quiet = ["--non-interactive", "--color", "never"] as const;

/**
 * Makes the session's stack known to the backend; takes no time when it is.
 *
 * `pulumi stack init` writes the salt of a new stack beside Pulumi.yaml, whatever PULUMI_OPTION_CONFIG_FILE says; so it
 * is run on a copy of Pulumi.yaml in the lab's folder, and the tracked file of the stack stays as it is.
 */
export async function ensureStack(session: LabSession): Promise<void> {
  const { paths } = session.context;
  if (existsSync(join(stateFolder(paths), ".pulumi", "stacks", "coreos-cluster", `${session.stack}.json`)))
    return;
  // A folder of this run's own: two runs at once would take theirs away from each other.
  const project = await mkdtemp(join(paths.lab, "pulumi", "project-"));
  await copyFile(join(paths.checkout, "Pulumi.yaml"), join(project, "Pulumi.yaml"));
  const init = ["pulumi", "--cwd", project, "stack", "init", session.stack, "--no-select", ...quiet] as const;
  try {
    await runInLab(session, init);
  } catch (error) {
    if (!(error instanceof ProcessError && error.output.includes("already exists"))) throw error;
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

/**
 * Mends what a killed Pulumi left: plugins that run on, and in the backend its lock, and creations that it began and never finished, which
 * would bring warnings for ever (what they left on the host is cleared when the program makes its things).
 * @throws UserError when the lock's holder is alive: two updates of one stack at once would spoil it.
 */
export async function mendAfterKill(session: LabSession): Promise<void> {
  const { locked, holder } = await locksOf(session.context.paths, session.stack);
  if (!locked) return;
  if (holder !== undefined)
    throw new UserError(
      `another pulumi (process ${holder.pid}: ${holder.command}) is at work on stack ${session.stack}; ` +
        "wait until it ends, or end it",
    );
  const stack = ["--stack", session.stack, ...quiet];
  await endOrphans(session);
  await runInLab(session, ["pulumi", "cancel", "--yes", ...stack]);
  const refresh = [
    "pulumi",
    "refresh",
    "--yes",
    "--skip-preview",
    "--clear-pending-creates",
    ...stack,
  ] as const;
  // A refresh stops at a file that vanished from the host; `up` makes it again, `destroy` does without.
  await runInLab(session, refresh).catch(() => undefined);
}

async function withDiagnostics<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ProcessError) throw new Error(failure(what, error), { cause: error });
    throw error;
  }
}

/**
 * `pulumi up` of the session's stack, compared with the host first: machines that are off are switched on, suspended ones go
 * on, those that vanished are made again. Files that the comparison would stop at are made again before, and machines whose disk is
 * gone are taken down, unless that costs the majority of members that answer. A destroy that was ended in the
 * middle is brought to its end first: fresh machines can't be built on what it left.
 * @param onWarning is given each thing that the program or the look at the host warned of, once.
 * @returns what was changed, by Pulumi's own count
 */
export async function up(
  session: LabSession,
  onLine: (line: string) => void,
  onWarning: (text: string) => void = () => undefined,
): Promise<string> {
  const isHalf = (await stateFiles(session)).some(isHalfDestroyed); // before a refresh forgets machines that vanished
  await mendAfterKill(session);
  if (isHalf) {
    await destroy(session, onLine);
    onWarning(
      "A destroy had been ended in the middle: it was brought to its end, and this is a new cluster.",
    );
  }
  await restoreFiles(session);
  await clearDiskless(session, () => outputs(session), onWarning);
  await settleMachines(session);
  const args = [
    "pulumi",
    "up",
    "--yes",
    "--skip-preview",
    "--refresh",
    "--stack",
    session.stack,
    ...quiet,
  ] as const;
  const { stdout } = await withDiagnostics("pulumi up", runInLab(session, args, { onLine }));
  warnings(stdout).forEach(onWarning);
  return changes(stdout);
}

/** `pulumi destroy` of the session's stack, also of one that is half made or half gone. */
export async function destroy(session: LabSession, onLine: (line: string) => void): Promise<string> {
  await mendAfterKill(session);
  const args = ["pulumi", "destroy", "--yes", "--skip-preview", "--stack", session.stack, ...quiet] as const;
  return changes((await withDiagnostics("pulumi destroy", runInLab(session, args, { onLine }))).stdout);
}

/** The names of the stacks in the lab's backend. */
export async function stacks(session: LabSession): Promise<string[]> {
  const list = ["pulumi", "stack", "ls", "--json", "--project", "coreos-cluster", ...quiet] as const;
  const { stdout } = await runInLab(session, list);
  return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
}

/** The stack's outputs; empty before the first `up`. */
export async function outputs(session: LabSession): Promise<Record<string, unknown>> {
  const args = ["stack", "output", "--json", "--stack", session.stack, ...quiet];
  const { stdout } = await runInLab(session, ["pulumi", ...args]);
  return JSON.parse(stdout) as Record<string, unknown>;
}
