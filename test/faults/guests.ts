/** A cluster of real machines as `npm start` makes it, on a lab of the suite's own, and how it is struck. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { enterCommand } from "../../lab/libvirt/index.ts";
import { findHolders } from "../../lab/libvirt/holder.ts";
import { labPaths, type LabContext } from "../../lab/shared/context.ts";
import { clusterThings, describeLeavingNothing, type Picture, pictureOfLab } from "../support/leaks.ts";
import { differences } from "../support/picture.ts";
import { isShort } from "./record.ts";

const checkout = join(import.meta.dirname, "../..");
const labFolder = process.env["FAULTS_LAB_DIR"] ?? join(checkout, ".lab-faults");
/** What the CLI is run with. */
export const env = { CLUSTER_LAB_DIR: labFolder, NO_COLOR: "1" };
export const context: LabContext = {
  paths: labPaths(checkout, { ...process.env, ...env }),
  report: () => undefined,
};

export interface Answer {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  /** With standard error, as it came. */
  readonly all: string;
}

/** `npm run SCRIPT -- ARGUMENTS`, however it ends. */
async function answerOf(script: string, args: readonly string[]): Promise<Answer> {
  const command = ["run", "--silent", script, "--", ...args];
  const { exitCode, stdout, all } = await execa("npm", command, {
    ...{ cwd: checkout, env, all: true, reject: false, stdin: "ignore" },
  });
  return { exitCode, stdout, all };
}

/** `npm run cluster -- WORDS`, however it ends. */
export const cluster = (...words: string[]): Promise<Answer> => answerOf("cluster", words);

/** `npm run SCRIPT -- ARGUMENTS` to its end; fails with all that it printed. */
export async function npm(script: string, ...args: string[]): Promise<string> {
  const { exitCode, stdout, all } = await answerOf(script, args);
  assert.equal(exitCode, 0, `npm run ${script} ${args.join(" ")}:\n${all}`);
  return stdout;
}

export const removeLab = async (): Promise<void> => {
  await npm("stop");
  await rm(labFolder, { recursive: true, force: true });
};

/** A new cluster of real machines in a new lab, all of them healthy. */
export async function newCluster(): Promise<readonly Member[]> {
  await removeLab();
  await npm("start");
  return await members();
}

/** `describe` of a suite that takes many minutes: the short selection skips it. */
export const describeLong = isShort ? describe.skip : describeLeavingNothing;

/**
 * Destroys the lab's cluster as the verb does it, fails with what it left in the lab, and removes the lab in any case.
 * @param before the lab before there was any cluster, for a look at all of it; else what clusters have is looked for.
 */
export async function endLab(before?: Picture): Promise<void> {
  try {
    if (findHolders(context.paths).length === 0) return; // it is gone with all that was on it
    await npm("cluster", "destroy");
    const now = await pictureOfLab(context);
    assert.deepEqual(before === undefined ? clusterThings(now) : differences(before, now), []);
  } finally {
    await removeLab();
  }
}

/** Runs a command in the lab's namespaces. */
export async function inside(...command: string[]): Promise<string> {
  const [file = "", ...args] = [...enterCommand(context), ...command];
  return (await execa(file, args)).stdout;
}

export interface Member {
  readonly name: string;
  readonly url: string;
  readonly address: string;
}

export async function members(): Promise<readonly Member[]> {
  const outputs = JSON.parse(await npm("cluster", "exec", "pulumi", "stack", "output", "--json")) as {
    nodes: { name: string; addresses: string[] }[];
  };
  return outputs.nodes.map(({ name, addresses: [address = "?"] }) => ({
    ...{ name, address, url: `http://${address}:2379` },
  }));
}

interface Health {
  readonly endpoint: string;
  readonly health: string;
  readonly members: readonly unknown[];
}

/** What each member says of its health, and how many members it knows; asked live. */
export async function health(all: readonly Member[]): Promise<string[]> {
  const out = await inside("node", "--no-warnings", "commands/health.ts", ...all.map(({ url }) => url));
  return (JSON.parse(out) as Health[]).map(
    ({ endpoint, health: said, members: known }) => `${endpoint}: ${said}, knows ${known.length}`,
  );
}

export const healthy = (all: readonly Member[]): string[] =>
  all.map(({ url }) => `${url}: healthy, knows ${all.length}`);

/** Asks until all are healthy; fails with what they said last. */
export async function becomesHealthy(all: readonly Member[], seconds: number): Promise<void> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const said = await health(all);
    if (Date.now() > until) assert.deepEqual(said, healthy(all));
    if (said.join() === healthy(all).join()) return;
    await sleep(1000);
  }
}
