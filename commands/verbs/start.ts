/** `npm start`: from a bare machine to a healthy cluster. */
import { setTimeout as sleep } from "node:timers/promises";
import type { LabPaths } from "../../lab/shared/context.ts";
import { exclusively } from "../lab/exclusive.ts";
import { labContext, prepare } from "../lab/prepare.ts";
import { ensureStack, outputs, up } from "../lab/pulumi.ts";
import { progressOf } from "../lab/pulumiOutput.ts";
import { devStack, openProgramSession, type LabSession } from "../lab/session.ts";
import {
  clusterView,
  outsideIn,
  renderNodes,
  speaksTls,
  strayWords,
  type ClusterView,
} from "../lab/clusterView.ts";
import { Lasting, wayIn } from "../readiness/outside.ts";
import { ExitError } from "../ui/errors.ts";
import { duration, Phases } from "../ui/phases.ts";
import { stayForChildren } from "../ui/interrupt.ts";

/** @throws whatever a phase throws; run again, it goes on from what is there. */
export async function start(paths: LabPaths): Promise<void> {
  const began = performance.now();
  stayForChildren("Run `npm start` again to go on, or `npm stop` to remove what is there.");
  await exclusively(paths, async () => {
    const phases = new Phases();
    const parts = await prepare(paths, phases);
    for (const note of parts.toolchain.notes) phases.say(note);
    const session = await phases.run("Stack", async (report) => {
      const opened = await openProgramSession(labContext(paths, report), devStack, parts);
      await ensureStack(opened);
      return { note: devStack, value: opened };
    });
    const warnings: string[] = [];
    await phases.run("Cluster", async (report) => ({
      note: await up(
        session,
        (line) => {
          const detail = progressOf(line);
          if (detail !== undefined) report(detail);
        },
        (text) => warnings.push(text),
      ),
      value: undefined,
    }));
    for (const warning of warnings) phases.warn(warning);
    const view = await healthyView(session, phases);
    process.stdout.write(report(view, performance.now() - began));
    if (!view.healthy) throw new ExitError(1);
  });
}

/** Milliseconds that a member may be on no list of the others': a restore may be at work. No time brings it back. */
const outsideLimit = 30_000;

/** Minutes that members of a cluster which was healthy before may take to be so again. */
const recovery = 5;

/**
 * The cluster's health, asked live. Members that do not answer are waited for: where `pulumi up` had nothing to make,
 * nobody has waited yet, and machines that were just switched on again take their time.
 */
async function healthyView(session: LabSession, phases: Phases): Promise<ClusterView> {
  const known = await outputs(session);
  const first = await clusterView(session, known);
  if (first.healthy) return first;
  return await phases.run("Health", async (report) => {
    const until = Date.now() + recovery * 60_000;
    const outside = new Lasting();
    for (;;) {
      const view = await clusterView(session, known);
      const lost = outsideIn(view).join(", ");
      if (outside.for(lost === "" ? undefined : lost, Date.now()) > outsideLimit)
        return { note: `${lost}: no member of the cluster that the others are`, value: view };
      const sick = view.nodes.filter((node) => node.health !== "healthy");
      if (view.healthy || Date.now() > until) {
        return { note: sick.map((node) => `${node.name}: ${node.health}`).join("; "), value: view };
      }
      report(`waiting for ${sick.map((node) => node.name).join(", ")}`);
      await sleep(2000);
    }
  });
}

function report(view: ClusterView, milliseconds: number): string {
  const first = view.nodes[0];
  const member = view.nodes.find(({ role }) => role === "member");
  const lines = [
    "",
    renderNodes(view.nodes),
    ...strayWords(view),
    ...outsideIn(view).map(
      (name) => `${name} is not in the cluster that the others are: ${wayIn(name, undefined)}.`,
    ),
    ...(view.discoveryUrl === "" ? [] : [`Discovery URL: ${view.discoveryUrl}`]),
    "",
    "Try it:",
    ...(first === undefined ? [] : [`  npm run cluster -- ssh ${first.name}`]),
    ...(member === undefined
      ? []
      : [
          ...(speaksTls(view)
            ? ["  npm run cluster -- credentials             what etcdctl needs to be let in, as files"]
            : [
                `  npm run cluster -- exec curl -s http://${member.address}:2379/version`,
                `  npm run cluster -- exec etcdctl --endpoints ${view.etcdEndpoints.join(",")} endpoint health`,
              ]),
        ]),
    "",
    "Next:",
    "  npm run cluster -- status                 the nodes and their health, live",
    "  npm run cluster -- exec pulumi preview    any command with the lab's tools, settings and network",
    "  npm stop                                  remove the cluster and the lab host; caches stay",
    "",
    `${view.healthy ? "The cluster is healthy" : "The cluster is NOT healthy"} (${duration(milliseconds)} in all).`,
    "",
  ];
  return lines.join("\n");
}
