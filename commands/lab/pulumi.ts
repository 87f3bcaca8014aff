/** What the CLI asks of Pulumi in the lab. */
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { stateFolder } from "../../lab/toolchain/index.ts";
import { ProcessError } from "../../lab/shared/process.ts";
import { changes, diagnostics } from "./pulumiOutput.ts";
import { UserError } from "../ui/errors.ts";
import { runInLab, type LabSession } from "./session.ts";

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
  const project = join(paths.lab, "pulumi", "project");
  await rm(project, { recursive: true, force: true });
  await mkdir(project, { recursive: true });
  await copyFile(join(paths.checkout, "Pulumi.yaml"), join(project, "Pulumi.yaml"));
  const init = ["pulumi", "--cwd", project, "stack", "init", session.stack, "--no-select", ...quiet] as const;
  await runInLab(session, init).catch((error: unknown) => {
    if (!(error instanceof ProcessError && error.output.includes("already exists"))) throw error;
  });
  await rm(project, { recursive: true, force: true });
}

/** The files in which the file:// backend keeps the locks of a stack: JSON with the holder's pid. */
async function lockFiles(session: LabSession): Promise<string[]> {
  const folder = join(stateFolder(session.context.paths), ".pulumi", "locks");
  if (!existsSync(folder)) return [];
  const all = await readdir(folder, { recursive: true });
  return all
    .filter((name) => name.includes(`/${session.stack}/`) && name.endsWith(".json"))
    .map((name) => join(folder, name));
}

function isPulumi(pid: number): boolean {
  return existsSync(`/proc/${pid}/comm`);
}

/**
 * Takes away the lock that a killed Pulumi left.
 * @throws UserError when its holder is alive: two updates of one stack at once would spoil it.
 */
export async function clearStaleLock(session: LabSession): Promise<void> {
  const locks = await lockFiles(session);
  if (locks.length === 0) return;
  for (const file of locks) {
    const text = await readFile(file, "utf8").catch(() => "{}"); // gone meanwhile, or cut off by a kill
    const { pid } = (text.trim() === "" ? {} : JSON.parse(text)) as { pid?: number };
    if (pid === undefined || !isPulumi(pid)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (!command.includes("pulumi")) continue; // the number went to another program
    throw new UserError(
      `another pulumi (process ${pid}: ${command.replaceAll("\0", " ").trim()}) is at work on stack ${session.stack}; wait until it ends, or end it`,
    );
  }
  await runInLab(session, ["pulumi", "cancel", "--yes", "--stack", session.stack, ...quiet]);
}

async function withDiagnostics<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ProcessError)
      throw new Error(`${what} failed:\n${diagnostics(error.output)}`, { cause: error });
    throw error;
  }
}

/**
 * `pulumi up` of the session's stack. State that no longer holds is mended first: objects that vanished from the host,
 * and creations that a killed run began.
 */
export async function up(session: LabSession, onLine: (line: string) => void): Promise<string> {
  await clearStaleLock(session);
  const args = ["up", "--yes", "--skip-preview", "--refresh", "--stack", session.stack, ...quiet];
  const { stdout } = await withDiagnostics("pulumi up", runInLab(session, ["pulumi", ...args], { onLine }));
  return changes(stdout);
}

/** `pulumi destroy` of the session's stack, also of one that is half made or half gone. */
export async function destroy(session: LabSession, onLine: (line: string) => void): Promise<string> {
  await clearStaleLock(session);
  const args = ["destroy", "--yes", "--skip-preview", "--refresh", "--stack", session.stack, ...quiet];
  const { stdout } = await withDiagnostics(
    "pulumi destroy",
    runInLab(session, ["pulumi", ...args], { onLine }),
  );
  return changes(stdout);
}

/** The stacks in the lab's backend. */
export async function stacks(session: LabSession): Promise<{ name: string; resourceCount: number }[]> {
  const { stdout } = await runInLab(session, [
    "pulumi",
    "stack",
    "ls",
    "--json",
    "--project",
    "coreos-cluster",
    ...quiet,
  ]);
  return (JSON.parse(stdout) as { name: string; resourceCount?: number }[]).map((stack) => ({
    name: stack.name,
    resourceCount: stack.resourceCount ?? 0,
  }));
}

/** The stack's outputs; empty before the first `up`. */
export async function outputs(session: LabSession): Promise<Record<string, unknown>> {
  const args = ["stack", "output", "--json", "--stack", session.stack, ...quiet];
  const { stdout } = await runInLab(session, ["pulumi", ...args]);
  return JSON.parse(stdout) as Record<string, unknown>;
}
