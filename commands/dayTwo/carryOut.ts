/** What `replace` and `roll` have in common: the look at the cluster before, the update, and what there is after it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { LabPaths } from "../../lab/shared/context.ts";
import { forUser, reach, type Reached } from "../hosts/reach.ts";
import { troubleIn, untilHealthy } from "../hosts/health.ts";
import { isOff, offNow, sameStack } from "../hosts/spread.ts";
import { type ClusterView, renderNodes } from "../lab/clusterView.ts";
import { exclusively } from "../lab/exclusive.ts";
import { progressOf } from "../lab/pulumiOutput.ts";
import { refuseUnfinished } from "../restore/unfinished.ts";
import { ExitError, UserError } from "../ui/errors.ts";
import { stayForChildren } from "../ui/interrupt.ts";
import { Phases, together } from "../ui/phases.ts";
import { print } from "../ui/print.ts";
import { barredByOff, obstacle, surelyBarred } from "./quorum.ts";
import { openStack, type Stack } from "./stack.ts";
import { newGeneration, othersIn, type Step, touchedIn } from "./steps.ts";

export interface DayTwoOptions {
  readonly stack?: string;
  readonly connect?: string;
  readonly dryRun?: boolean;
}

/** Opens the stack and has the work done on it, in the lab one change at a time. */
export async function onStackOf(
  paths: LabPaths,
  options: DayTwoOptions,
  verb: string,
  work: (stack: Stack, phases: Phases) => Promise<void>,
): Promise<void> {
  stayForChildren(`Run ${verb} again to go on: what was made stays.`);
  const reached: Reached = await reach(paths, options.connect);
  const phases = new Phases();
  const all = async (): Promise<void> => {
    await forUser(async () => {
      await work(await openStack(paths, reached, options), phases);
    });
  };
  if (reached.lab === undefined) await all();
  else await exclusively(paths, all);
}

/**
 * Milliseconds that a member may be silent, or not healthy, before that counts: on a busy machine etcd says so of itself for a while after each
 * change of its members.
 */
const PATIENCE = 60_000;

/**
 * Nobody waits for machines that are off.
 * @param barred whether a member can't be made anew while these are.
 * @throws UserError where it can't, with what starts them
 */
async function refuseOff(
  { members, domains }: Pick<Stack, "members" | "domains">,
  names: readonly string[],
  options: DayTwoOptions,
  barred: (off: ReadonlySet<string>, name: string) => boolean,
): Promise<void> {
  const states = await domains();
  const off = new Set(members.filter((name) => isOff(states.get(name))));
  const refused = names.filter((name) => off.size > 0 && barred(off, name));
  if (refused.length > 0)
    throw new UserError(
      `${refused.join(", ")} can't be made anew while so many machines are off: the others must be a healthy majority. Nothing was changed. ` +
        (offNow(members, states, sameStack(options)) ?? ""),
    );
}

/** A cluster of one has nobody to take its data over, however long it is waited for. @throws UserError with the way there is */
function refuseOnly(members: readonly string[], names: readonly string[]): void {
  const [only] = members;
  if (members.length !== 1 || only === undefined || !names.includes(only)) return;
  throw new UserError(
    `${only} is the only member: nobody would have the data. Nothing was changed. Save the data (snapshot save FILE), make the cluster anew ` +
      "(`pulumi destroy`, `pulumi up`; in the lab npm stop, npm start), and restore FILE",
  );
}

/** The same before the long look at what would change. @throws UserError */
export const refusePaused = async (
  stack: Pick<Stack, "members" | "domains">,
  name: string,
  options: DayTwoOptions,
): Promise<void> => {
  refuseOnly(stack.members, [name]);
  await refuseOff(stack, [name], options, (off, one) => surelyBarred(stack.members, off, one));
};

/**
 * What an update would do. The look at the members takes a login to each, and no longer than the preview beside it.
 * @param name the machine that is to be made anew; none where several are.
 * @throws UserError where a restore was ended in the middle
 */
export async function previewUnlessRestoring(
  stack: Pick<Stack, "state" | "preview" | "restores">,
  phases: Pick<Phases, "say">,
  options: DayTwoOptions,
  name?: string,
): Promise<readonly Step[]> {
  const look = async (): Promise<void> => {
    const title = stack.state.session?.stack ?? options.stack ?? "selected";
    const note = refuseUnfinished(await stack.restores(), title, name);
    if (note !== undefined) phases.say(note);
  };
  const [steps] = await together([stack.preview(), look()]);
  return steps;
}

/**
 * The cluster's health, once these members can be made anew.
 * @throws UserError where they can't be, with what to do
 */
export async function viewBefore(
  stack: Stack,
  phases: Phases,
  options: DayTwoOptions,
  which: (view: ClusterView) => readonly string[],
): Promise<ClusterView> {
  return await phases.run("Health", async (report) => {
    const until = Date.now() + PATIENCE;
    for (;;) {
      const view = await stack.health();
      const names = which(view);
      refuseOnly(stack.members, names);
      const found = names.flatMap((name) => obstacle(view, name) ?? []);
      if (found.length === 0)
        return { note: view.healthy ? `${view.nodes.length} healthy` : troubleIn(view), value: view };
      await refuseOff(stack, names, options, (off, name) => barredByOff(view.nodes, off, name));
      if (Date.now() > until)
        throw new UserError(
          `${found.join("; ")}. Nothing was changed. Bring the others back first (resume, or npm start, for machines that are off; logs shows what they ` +
            "say). Where a majority is lost for good: `pulumi up --replace` can't save the data; rebuild the cluster and restore a snapshot " +
            "(docs/day-two.md#when-a-majority-is-lost)",
        );
      report(troubleIn(view));
      await sleep(2000);
    }
  });
}

/** What an update would do beyond these machines is not for these verbs. @throws UserError naming it */
export function refuseOthers(steps: readonly Step[], names: readonly string[], verb: string): void {
  const others = othersIn(steps, names);
  const comeAndGo = touchedIn(steps, names).filter(({ whole }) => whole === "goes");
  const words = [
    ...others.map(({ op, name }) => `${op} ${name}`),
    ...comeAndGo.map(({ name }) => `delete ${name}`),
  ];
  if (words.length === 0 && newGeneration(steps) === undefined) return;
  const shown = words.slice(0, 8).join(", ") + (words.length > 8 ? `, and ${words.length - 8} more` : "");
  throw new UserError(
    `the config has changes that ${verb} can't make: ${shown}. Nothing was changed. ` +
      (verb === "replace"
        ? "Take them back; or make them first, with `pulumi up` (pulumi preview shows what that rebuilds) or with the verb roll"
        : "One member after the other, what is on the machines can be changed. Machines that come, go or get another name, another discovery mode, " +
          "another authority (tls, tlsRotation), prefix, poolPath and hosts can't: change them with `pulumi up`; pulumi preview shows what that rebuilds"),
  );
}

/** Runs the update, and tells what there is after it. @throws ExitError 1 where the cluster isn't healthy then */
export async function carryOut(stack: Stack, phases: Phases, done: string): Promise<void> {
  await phases.run("Cluster", async (report) => ({
    note: await stack.up((line) => {
      const detail = progressOf(line);
      if (detail !== undefined) report(detail);
    }),
    value: undefined,
  }));
  const view = await phases.run("Health", async (report) => {
    const last = await untilHealthy(stack.healthNow, 120_000, report);
    const { healthy } = last;
    return {
      note: healthy ? `${last.nodes.length} healthy` : troubleIn(last),
      value: last,
      failed: !healthy,
    };
  });
  print(renderNodes(view.nodes));
  if (view.healthy) {
    print(done);
    return;
  }
  print("The cluster is NOT healthy. What the machines show: npm run cluster -- logs");
  throw new ExitError(1);
}
