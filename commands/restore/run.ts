/** A restore step by step on all members at once: each can be repeated, and until the end the data from before are kept on the nodes. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabPaths } from "../../lab/shared/context.ts";
import type { SnapshotFile } from "../snapshot/file.ts";
import { type Cluster, keysAt, memberStates } from "../snapshot/reached.ts";
import { messageOf, UserError } from "../ui/errors.ts";
import { wasInterrupted } from "../ui/interrupt.ts";
import { type Phases, together } from "../ui/phases.ts";
import { outsideWords } from "./left.ts";
import type { NodeFacts, RestoreNode } from "./node.ts";
import { clusterTrouble, type RestorePlan } from "./plan.ts";

export interface Work {
  readonly paths: LabPaths;
  readonly state: Cluster;
  readonly nodes: readonly RestoreNode[];
  readonly phases: Phases;
  /** Milliseconds that the cluster may take to be healthy. */
  readonly limit: number;
}

/** Where a restore is, for who interrupts it. */
export type Stage = "untouched" | "replaced" | "over";

/** The members did not come up on the restored data, or have others; they run on the data from before again, or `message` says where not. */
export class TakenBackError extends UserError {
  override name = "TakenBackError";
}

const PAUSE = 2000;

const each = async <T>(
  nodes: readonly RestoreNode[],
  work: (node: RestoreNode) => Promise<T>,
): Promise<readonly T[]> => await together<T[]>(nodes.map(work));

/** @throws UserError with the words of those that can't be logged in to, and how they are had back where they are the fewer */
export async function factsOf(
  nodes: readonly Pick<RestoreNode, "name" | "facts">[],
): Promise<readonly NodeFacts[]> {
  const found: NodeFacts[] = [];
  const silent: { readonly name: string; readonly words: string }[] = [];
  await Promise.all(
    nodes.map(async (node) => {
      try {
        found.push(await node.facts());
      } catch (error) {
        silent.push({ name: node.name, words: messageOf(error) });
      }
    }),
  );
  const inOrder = <T>(all: readonly T[], nameOf: (one: T) => string): T[] =>
    nodes.flatMap(({ name }) => all.find((one) => nameOf(one) === name) ?? []);
  if (silent.length === 0) return inOrder(found, ({ node }) => node);
  const words = inOrder(silent, ({ name }) => name);
  const few = silent.length * 2 < nodes.length;
  throw new UserError(
    `${words.map((one) => one.words).join("; ")}. Nothing was changed: all members must let themselves be logged in to` +
      (few
        ? `. Where a machine still starts, run this again in a minute; where that stays so, or where it was just being made anew: ` +
          words.map(({ name }) => `npm run cluster -- replace ${name}`).join(", then ")
        : ""),
  );
}

/** Waits until all members are one cluster that answers. @throws UserError with what they say when the time is over */
export async function untilOneCluster(
  { paths, state, limit }: Work,
  names: readonly string[],
  report: (trouble: string) => void,
): Promise<void> {
  const end = Date.now() + limit;
  for (;;) {
    const trouble = clusterTrouble(await memberStates(paths, state), names);
    if (trouble === undefined) return;
    if (wasInterrupted()) throw new UserError("interrupted");
    if (Date.now() >= end) throw new UserError(`not healthy after ${limit / 1000} s: ${trouble}`);
    report(trouble);
    await sleep(PAUSE);
  }
}

/** Every member has just the keys that the file has, as they were changed last at its revision. */
async function compared({ paths, state }: Work, file: SnapshotFile): Promise<void> {
  for (const { endpoint, problem, ...found } of await keysAt(paths, state, file.revision)) {
    if (problem !== undefined) throw new UserError(`${endpoint}: its keys can't be read: ${problem}`);
    const { keys, digest } = found as { keys: number; digest: string };
    if (digest !== file.digest)
      throw new UserError(
        `${endpoint} has ${keys} keys at revision ${file.revision}, and not just the ${file.keys} of the snapshot`,
      );
  }
}

const startAll = (nodes: readonly RestoreNode[]): Promise<readonly string[]> =>
  each(nodes, (node) => node.step("start"));

/**
 * Puts the data from before back, where they were moved away, and waits for the cluster. The record of it goes when all run on them: who is
 * ended in the middle of it begins again, and a member that was put back already is not taken for one that has nothing to go back to.
 * @throws UserError where the cluster does not get healthy, with members that are left outside of it
 */
export async function takeBack(work: Work, names: readonly string[]): Promise<void> {
  const { nodes, phases, paths, state } = work;
  await phases.run("Data from before", async (report) => {
    await each(nodes, (node) => node.step("back"));
    await startAll(nodes);
    await each(nodes, (node) => node.step("clear"));
    try {
      await untilOneCluster(work, names, report);
    } catch (error) {
      const outside = wasInterrupted() ? undefined : outsideWords(await memberStates(paths, state), names);
      if (outside === undefined) throw error;
      throw new UserError(`${messageOf(error)}. ${outside}`, { cause: error });
    }
    return { note: `${nodes.length} members have them, and are healthy`, value: undefined };
  });
}

/** What a finished restore has left. */
export async function clearUp(nodes: readonly RestoreNode[]): Promise<void> {
  await each(nodes, (node) => node.step("settle"));
  await each(nodes, (node) => node.step("clear"));
}

/** Makes the new data on each node, while etcd goes on. */
async function prepare(
  { nodes, phases }: Work,
  path: string,
  file: SnapshotFile,
  plan: RestorePlan,
  id: string,
): Promise<void> {
  await phases.run("New data", async (report) => {
    report("sending the snapshot, making data of it");
    await each(nodes, async (node) => {
      const member = plan.members.find((one) => one.node === node.name);
      if (member === undefined) throw new UserError(`${node.name} is not in the plan`);
      const what = [id, file.sha256, plan.keepOld ? "kept" : "fresh", String(file.size)];
      const args = [...what, member.name, plan.initialCluster, member.peerUrls];
      await node.step("prepare", args, { input: path });
    });
    return { note: `made on ${nodes.length} nodes`, value: undefined };
  });
}

/**
 * Restores.
 * @param onStage told before the state of things changes
 * @throws UserError when nothing was changed, TakenBackError when it was tried and the data from before are back
 */
export async function restoreAll(
  work: Work,
  path: string,
  file: SnapshotFile,
  plan: RestorePlan,
  onStage: (stage: Stage) => void,
): Promise<void> {
  const { nodes, phases } = work;
  const names = plan.members.map(({ name }) => name);
  // Also the new cluster's token: members of the old one, be they somewhere still, are strangers to it.
  const id = `restore-${randomBytes(8).toString("hex")}`;
  await prepare(work, path, file, plan, id);
  if (wasInterrupted()) throw new UserError("interrupted");
  onStage("replaced");
  try {
    await phases.run("Members", async (report) => {
      report("stopping etcd, replacing its data");
      // All before any starts: no member comes up on new data while another one may still run on old ones.
      await each(nodes, (node) => node.step("swap", [id]));
      report("starting etcd");
      await startAll(nodes);
      await untilOneCluster(work, names, report);
      return { note: `${nodes.length} healthy`, value: undefined };
    });
    await phases.run("Comparison", async () => {
      await compared(work, file);
      return { note: `each member has the ${file.keys} keys of revision ${file.revision}`, value: undefined };
    });
  } catch (error) {
    if (wasInterrupted()) throw error;
    const reason = messageOf(error);
    phases.say(`the restore failed: ${reason}`);
    try {
      await takeBack(work, names);
    } catch (worse) {
      throw new TakenBackError(
        `the restore failed (${reason}), and so did taking it back (${messageOf(worse)}). ` +
          "The data from before are on the nodes: restore --undo tries again, or says what is left to be done",
        { cause: error },
      );
    }
    onStage("over");
    throw new TakenBackError(
      `the restore failed, and the cluster has its data from before again: ${reason}`,
      {
        cause: error,
      },
    );
  }
  onStage("over");
  await clearUp(nodes);
}
