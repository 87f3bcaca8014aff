/** `restore FILE` and `restore --undo`: a cluster gets the data of a snapshot (docs/day-two.md, ADR 19). */
import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import type { LabPaths } from "../../lab/shared/context.ts";
import { forUser, reach, stackAsked } from "../hosts/reach.ts";
import { requireRunning } from "../hosts/spread.ts";
import { readStack } from "../hosts/stackState.ts";
import { exclusively } from "../lab/exclusive.ts";
import { nothingToGoBackTo, outsideWords, unfinishedOn } from "../restore/left.ts";
import { planRestore } from "../restore/plan.ts";
import { clearUp, factsOf, restoreAll, type Stage, takeBack, type Work } from "../restore/run.ts";
import { nodesOf } from "../restore/ofStack.ts";
import { readSnapshot } from "../snapshot/file.ts";
import { memberStates } from "../snapshot/reached.ts";
import { UserError } from "../ui/errors.ts";
import { stayForChildren, wasInterrupted } from "../ui/interrupt.ts";
import { Phases } from "../ui/phases.ts";
import { inWords } from "./snapshot.ts";

export interface RestoreOptions {
  readonly stack?: string;
  readonly connect?: string;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly undo?: boolean;
  /** Seconds. */
  readonly timeout: number;
}

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** @throws UserError unless the user says yes */
async function agreed(question: string, yes: boolean): Promise<void> {
  process.stderr.write(`${question}\n`);
  if (yes) return;
  if (!process.stdin.isTTY) throw new UserError("nobody is there to be asked; --yes goes on unasked");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question("Go on? (yes/no) ");
    if (!/^y(es)?$/i.test(answer.trim())) throw new UserError("nothing was changed");
  } finally {
    terminal.close();
  }
}

/** What an interrupted run says: what state things are in. */
const STATES: Readonly<Record<Stage, string>> = {
  untouched: "Interrupted. Nothing was replaced: the cluster runs on with its own data.",
  replaced:
    "Interrupted while data were being replaced: members may be stopped, or have the new data already. The data from before are kept on the " +
    "nodes. Run restore with the same file again to go on, or restore --undo to have them back.",
  over: "Interrupted while cleaning up; the cluster is healthy. The next restore removes what is left.",
};

/** @throws UserError; the message says what state the cluster is in */
export async function restore(
  paths: LabPaths,
  name: string | undefined,
  options: RestoreOptions,
): Promise<void> {
  if ((name === undefined) === (options.undo !== true))
    throw new UserError("name either a snapshot's file, or --undo to take back a restore that did not end");
  const path = name === undefined ? undefined : resolve(name);
  const file = path === undefined ? undefined : readSnapshot(path);
  stayForChildren("What state things are in is said at the end.");
  const reached = await reach(paths, options.connect);
  const stack = stackAsked(reached, options.stack);
  const work = async (): Promise<void> => {
    const state = await forUser(() => readStack(paths, reached, stack));
    const nodes = nodesOf(paths, reached, state);
    if (nodes.length === 0)
      throw new UserError("the stack has no etcd members; bring its cluster up first, then restore into it");
    const members = nodes.map((node) => node.name);
    await forUser(() => requireRunning(reached, state, members, options));
    const cluster = { ...state, hostUri: reached.access.uri };
    const all = { paths, state: cluster, nodes, phases: new Phases(), limit: options.timeout * 1000 };
    if (path === undefined || file === undefined) await undo(all, stack ?? "selected", options);
    else await restoreFrom(all, path, file, stack ?? "selected", options);
  };
  await (reached.lab === undefined ? work() : exclusively(paths, work));
}

async function restoreFrom(
  work: Work,
  path: string,
  file: ReturnType<typeof readSnapshot>,
  stack: string,
  options: RestoreOptions,
): Promise<void> {
  let stage: Stage = "untouched";
  try {
    const { plan, present } = await work.phases.run("Nodes", async () => {
      const [found, states] = await Promise.all([factsOf(work.nodes), memberStates(work.paths, work.state)]);
      const made = planRestore({ file, nodes: found, states, force: options.force === true });
      if ("problems" in made)
        throw new UserError(
          `${path} can't be restored into stack ${stack}:\n${made.problems.map((one) => `  - ${one}`).join("\n")}`,
        );
      const revision = Math.max(...states.map((one) => (one.problem === undefined ? one.revision : 0)));
      const note = `${found.length} members, ${revision === 0 ? "none of which answers" : `at revision ${revision}`}`;
      return { note, value: { plan: made, present: revision } };
    });
    const from = file.members.length === 0 ? "" : `, taken from ${file.members.join(", ")}`;
    await agreed(
      [
        `All of etcd's data of stack ${stack} (${plan.members.map((member) => member.name).join(", ")}${present === 0 ? "" : `; revision ${present}`}) ` +
          `are replaced by those of ${path} (${inWords(file)}${from}). etcd is stopped on all members meanwhile.`,
        ...plan.notes,
      ].join("\n"),
      options.yes === true,
    );
    await restoreAll(work, path, file, plan, (next) => (stage = next));
    say(`Restored: stack ${stack} is at revision ${file.revision} with ${file.keys} keys, and healthy.`);
  } catch (error) {
    if (wasInterrupted()) process.stderr.write(`${STATES[stage]}\n`);
    throw error;
  }
}

async function undo(work: Work, stack: string, options: RestoreOptions): Promise<void> {
  try {
    const facts = await work.phases.run("Nodes", async () => {
      const found = await factsOf(work.nodes);
      return { note: `${found.length} members`, value: found };
    });
    const named = facts.map(({ name, node }) => (name === "" ? node : name));
    const refusal = nothingToGoBackTo(facts, stack);
    if (refusal !== undefined) throw new UserError(refusal);
    const left = unfinishedOn(facts);
    if (left.length === 0) {
      await clearUp(work.nodes);
      say(`Nothing to take back: every restore into stack ${stack} has ended.`);
      const outside = outsideWords(await memberStates(work.paths, work.state), named);
      if (outside !== undefined) say(outside);
      return;
    }
    const replaced = left.filter(({ leftover }) => leftover === "swapped").map(({ node }) => node);
    await agreed(
      replaced.length === 0
        ? `A restore into stack ${stack} did not end, and has replaced nothing yet: what it left is removed.`
        : `${replaced.join(", ")} of stack ${stack} get the data back that were there before a restore which did not end.`,
      options.yes === true,
    );
    await takeBack(work, named);
    say(`Taken back: stack ${stack} has the data from before the restore, and is healthy.`);
  } catch (error) {
    if (wasInterrupted()) process.stderr.write("Interrupted. Run restore --undo again to go on.\n");
    throw error;
  }
}
