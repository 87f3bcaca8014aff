/** `pause` and `resume`: a cluster's machines are switched off and on again; disks, addresses and data stay (ADR 16). */
import { powerOn, shutDown } from "../../host/power.ts";
import { shellCommand } from "../../host/shell.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { healthOf, troubleIn, untilHealthy } from "../hosts/health.ts";
import type { Choice } from "../hosts/nodes.ts";
import { type OwnedNodes, ownedNodes } from "../hosts/owned.ts";
import { forUser, type Reached, reachStack } from "../hosts/reach.ts";
import { exclusively } from "../lab/exclusive.ts";
import { ExitError } from "../ui/errors.ts";
import { stayForChildren } from "../ui/interrupt.ts";
import { Phases } from "../ui/phases.ts";

export interface PowerOptions extends Choice {
  readonly connect?: string;
  /** Seconds. */
  readonly timeout: number;
}

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** The command line of a verb about the same machines, as it can be typed. */
export function sameMachines(
  verb: "pause" | "resume" | "logs",
  { connect, stack, owner }: Choice & { readonly connect?: string },
): string {
  const options = Object.entries({ connect, stack, owner }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  return `npm run cluster -- ${shellCommand([verb, ...options])}`;
}

/** In the lab one change at a time; on a shared host nobody can promise that. */
const alone = <T>(paths: LabPaths, { lab }: Reached, work: () => Promise<T>): Promise<T> =>
  lab === undefined ? work() : exclusively(paths, work);

/** Switches off; does nothing to what is off. */
export async function pause(paths: LabPaths, options: PowerOptions): Promise<void> {
  stayForChildren("Run pause again to go on, or resume to start what is off.");
  const reached = await reachStack(paths, options.connect);
  await alone(paths, reached, () => forUser(() => pauseOn(paths, reached, options)));
}

async function pauseOn(paths: LabPaths, reached: Reached, options: PowerOptions): Promise<void> {
  const { groups, remark } = await ownedNodes(paths, reached, options);
  if (remark !== undefined) say(remark);
  const { cut } = await new Phases().run("Machines", async (report) => {
    const waiting = groups.map((): readonly string[] => []);
    const all = await Promise.all(
      groups.map(({ access, nodes }, index) =>
        shutDown(
          access.virsh,
          nodes.map(({ node }) => node),
          {
            limit: options.timeout * 1000,
            onWait: (names) => {
              waiting[index] = names;
              report(`waiting for ${waiting.flat().join(", ")} to shut down`);
            },
          },
        ),
      ),
    );
    const stopped = { clean: all.flatMap(({ clean }) => clean), cut: all.flatMap((one) => one.cut) };
    const off = groups.flatMap(({ nodes }) => nodes).length - stopped.clean.length - stopped.cut.length;
    const counts = [
      ...(stopped.clean.length > 0 ? [`${stopped.clean.length} shut down`] : []),
      ...(stopped.cut.length > 0 ? [`${stopped.cut.length} cut off`] : []),
      ...(off > 0 ? [`${off} off before`] : []),
    ];
    return { note: counts.join(", "), value: stopped };
  });
  if (cut.length > 0)
    say(
      `Not shut down within ${options.timeout} s, and cut off: ${cut.join(", ")}. etcd recovers from that as from a power cut.`,
    );
  say(`Paused. The machines' disks, addresses and data stay. Next: ${sameMachines("resume", options)}`);
}

/**
 * Switches on, and waits until the cluster is healthy; does nothing to what runs.
 * @throws ExitError 1 when it is not within the time
 */
export async function resume(paths: LabPaths, options: PowerOptions): Promise<void> {
  stayForChildren("Run resume again to go on.");
  const reached = await reachStack(paths, options.connect);
  await alone(paths, reached, () => forUser(() => resumeOn(paths, reached, options)));
}

async function resumeOn(paths: LabPaths, reached: Reached, options: PowerOptions): Promise<void> {
  const owned = await ownedNodes(paths, reached, options);
  if (owned.remark !== undefined) say(owned.remark);
  const phases = new Phases();
  await phases.run("Machines", async () => {
    const started: string[] = [];
    for (const { access, nodes } of owned.groups)
      started.push(
        ...(await powerOn(
          access.virsh,
          nodes.map(({ node }) => node),
        )),
      );
    const running = owned.groups.flatMap(({ nodes }) => nodes).length - started.length;
    const counts = [
      ...(started.length > 0 ? [`${started.length} started`] : []),
      ...(running > 0 ? [`${running} running before`] : []),
    ];
    return { note: counts.join(", "), value: undefined };
  });
  await health(paths, reached, owned, options, phases);
}

async function health(
  paths: LabPaths,
  { access }: Reached,
  { state }: OwnedNodes,
  options: PowerOptions,
  phases: Phases,
): Promise<void> {
  if (state?.outputs.nodes === undefined) {
    say(
      "Resumed. Where its members are is in the stack's state, which was not read: their health was not asked.",
    );
    return;
  }
  const ask = healthOf(paths, state, access.uri);
  const view = await phases.run("Health", async (report) => {
    const last = await untilHealthy(ask, options.timeout * 1000, report);
    const { healthy } = last;
    return {
      note: healthy ? `${last.nodes.length} healthy` : troubleIn(last),
      value: last,
      failed: !healthy,
    };
  });
  if (view.healthy) {
    say(`Resumed: the cluster is healthy. Next: ${sameMachines("pause", options)}`);
    return;
  }
  say(
    `The machines run, but the cluster is not healthy after ${options.timeout} s. What they show: ${sameMachines("logs", options)}`,
  );
  throw new ExitError(1);
}
