/** The CLI as a user types it, on a lab of the suite's own beside the developer's. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { findHolders } from "../../lab/libvirt/holder.ts";
import { labPaths, type LabContext } from "../../lab/shared/context.ts";
import { clusterThings, pictureOfLab } from "../support/leaks.ts";

export const checkout = join(import.meta.dirname, "..", "..");
export const labFolder = join(checkout, ".lab-e2e");

const env = { CLUSTER_LAB_DIR: labFolder, NO_COLOR: "1" };

export const context: LabContext = {
  paths: labPaths(checkout, { ...process.env, ...env }),
  report: () => undefined,
};

export interface Answer {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly all: string;
}

/** A run of `npm start` in a process group of its own, so that a test can kill it as a whole. */
export interface Start {
  readonly ended: Promise<unknown>;
  killAll(): void;
}

export function npmStart(): Start {
  const child = execa("npm", ["start"], {
    cwd: checkout,
    env,
    reject: false,
    detached: true,
    stdio: "ignore",
  });
  return {
    ended: child,
    killAll: () => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    },
  };
}

/** `npm SCRIPT -- ARGUMENTS`, to its end. */
export async function npm(script: string, ...args: string[]): Promise<Answer> {
  const command = ["run", "--silent", script, "--", ...args];
  const result = await execa("npm", command, {
    cwd: checkout,
    env,
    all: true,
    reject: false,
    stdin: "ignore",
  });
  return { exitCode: result.exitCode, stdout: result.stdout, all: result.all };
}

/** A command in the lab; its standard output. Fails with all that it printed. */
export async function inLab(...command: string[]): Promise<string> {
  const { exitCode, stdout, all } = await npm("cluster", "exec", ...command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")} exited with ${exitCode}:\n${all}`);
  return stdout;
}

/** A command in the lab that must fail; all that it printed. */
export async function failsInLab(...command: string[]): Promise<string> {
  const { exitCode, all } = await npm("cluster", "exec", ...command);
  if (exitCode === 0) throw new Error(`${command.join(" ")} did not fail:\n${all}`);
  return all;
}

/** A command on a node, through ssh. */
export async function onNode(node: string, ...command: string[]): Promise<string> {
  const { exitCode, stdout, all } = await npm("cluster", "ssh", node, ...command);
  if (exitCode !== 0) throw new Error(`${node}: ${command.join(" ")} exited with ${exitCode}:\n${all}`);
  return stdout.trim();
}

/** Ends the suite's lab with all that is on it, and removes its folder. */
export async function removeLab(): Promise<void> {
  const { exitCode, all } = await npm("stop");
  await rm(labFolder, { recursive: true, force: true });
  assert.equal(exitCode, 0, all);
}

/** Destroys the lab's cluster as the verb does it, fails with what it left in the lab, and removes the lab in any case. */
export async function endLab(stack = "dev"): Promise<void> {
  try {
    if (findHolders(context.paths).length === 0) return; // it is gone with all that was on it
    const { exitCode, all } = await npm("cluster", "destroy", "--stack", stack);
    assert.equal(exitCode, 0, all);
    assert.deepEqual(clusterThings(await pictureOfLab(context)), []);
  } finally {
    await removeLab();
  }
}

/** The MAC of a node by the rule of the original coreos-libvirt script, worked out apart from the program's code. */
export async function macByMd5sum(node: string): Promise<string> {
  const { stdout } = await execa("md5sum", { input: `${node}\n` });
  return `52:54:00:${stdout.slice(0, 2)}:${stdout.slice(4, 6)}:${stdout.slice(8, 10)}`;
}
