/**
 * The wait for a healthy cluster; run by a Command resource, parameters in the environment (see readiness/settings.ts):
 *   wait   ends when every member is healthy and every client ready; prints one line of JSON on standard output
 *          (readiness/report.ts), progress on standard error; fails as soon as a node can't come up any more
 *   renew  prints what was printed before where that is about the very same machines, else waits again; where machines only go, a minority
 *          of the members may be off (readiness/fewer.ts)
 */
import { runProgram, say } from "./program.ts";
import { readConsoles } from "./readiness/console.ts";
import { readEtcd } from "./readiness/etcd.ts";
import { restingIn, restingWords, withoutThem, withThem } from "./readiness/fewer.ts";
import { consolesOnHosts, machinesOnHosts, waysOnHosts } from "./readiness/hosts.ts";
import { refuseLeavers } from "./readiness/leavers.ts";
import { readMachines } from "./readiness/machines.ts";
import { readReach } from "./readiness/reach.ts";
import { readRegistry } from "./readiness/registry.ts";
import { type ClusterReport, nodesIn } from "./readiness/report.ts";
import { readSettings, uriOf } from "./readiness/settings.ts";
import { wayOf } from "./readiness/way.ts";
import { isKnown, PACE, waitUntilHealthy } from "./readiness/wait.ts";
import { wayVia } from "./through.ts";

async function wait(env: NodeJS.ProcessEnv): Promise<string> {
  const settings = readSettings(env);
  const before = nodesIn(env["PULUMI_COMMAND_STDOUT"] ?? "");
  const behind = new Set<string>();
  const wayTo = waysOnHosts(settings, (uri) =>
    wayVia(uri, (host) => {
      behind.add(uri);
      say(`The machines can't be reached from here: they are asked through ${host}.`);
    }),
  );
  const sources = {
    // It only has to be in the machines' reach: all hosts can be asked for it, and the first one is.
    registry: readRegistry(settings, wayTo({ name: "", host: "" })),
    etcd: readEtcd(settings.clientPort, (place) => ({ ...wayTo(place), ...wayOf(settings)(place) })),
    machines: machinesOnHosts(settings, readMachines),
    reach: readReach(wayTo),
    consoles: consolesOnHosts(settings, readConsoles),
  };
  await refuseLeavers(settings, before, sources);
  const resting = await restingIn(settings, before, sources.machines);
  if (resting.length > 0) say(restingWords(resting));
  const found = await waitUntilHealthy(withoutThem(settings, resting), sources, PACE, before);
  const report = withThem(found, resting, settings, (place) => sources.etcd.endpoint(place));
  return JSON.stringify(marked(report, (name) => behind.has(uriOf(settings, name))));
}

/** The report with a mark at the nodes that are reached only through their libvirt host. */
const marked = (report: ClusterReport, isBehind: (name: string) => boolean): ClusterReport => ({
  ...report,
  nodes: report.nodes.map((node) => (isBehind(node.name) ? { ...node, throughHost: true } : node)),
});

async function renew(env: NodeJS.ProcessEnv): Promise<string> {
  const report = env["PULUMI_COMMAND_STDOUT"] ?? "";
  const { nodes } = readSettings(env);
  const before = nodesIn(report);
  const same = nodes.length === before.size && nodes.every((node) => isKnown(node, before));
  return same ? report : await wait(env);
}

await runProgram({ wait, renew });
