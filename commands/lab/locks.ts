/** Who is at work on a stack of the lab: the locks of its backend. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LabPaths } from "../../lab/shared/context.ts";
import { stateFolder } from "../../lab/toolchain/index.ts";

/** A Pulumi that runs. */
export interface Holder {
  readonly pid: number;
  readonly command: string;
}

/** The files in which the file:// backend keeps the locks of a stack: JSON with the holder's pid. */
async function lockFiles(paths: LabPaths, stack: string): Promise<string[]> {
  const folder = join(stateFolder(paths), ".pulumi", "locks");
  if (!existsSync(folder)) return [];
  const all = await readdir(folder, { recursive: true });
  return all
    .filter((name) => name.includes(`/${stack}/`) && name.endsWith(".json"))
    .map((name) => join(folder, name));
}

/** The command line of the Pulumi that holds a lock file; undefined when that Pulumi is gone. */
async function holderOf(lockFile: string): Promise<Holder | undefined> {
  const text = await readFile(lockFile, "utf8").catch(() => ""); // gone meanwhile
  const pid = Number(/"pid": *(\d+)/.exec(text)?.[1] ?? "0"); // no number where a kill cut the file off
  const command = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""))
    .replaceAll("\0", " ")
    .trim();
  return command.includes("pulumi") ? { pid, command } : undefined; // else the number went to another program
}

/**
 * Looks at the locks of a stack.
 * @returns who is at work on it, and whether there are locks at all: one that nobody holds is what a killed Pulumi left
 */
export async function locksOf(
  paths: LabPaths,
  stack: string,
): Promise<{ readonly locked: boolean; readonly holder: Holder | undefined }> {
  const files = await lockFiles(paths, stack);
  const holders = await Promise.all(files.map(holderOf));
  return { locked: files.length > 0, holder: holders.find((one) => one !== undefined) };
}
