/**
 * The wait for a healthy cluster; run by a Command resource, parameters in the environment (see readiness/settings.ts):
 *   wait   ends when every member is healthy and every client ready; prints one line of JSON on standard output
 *          (readiness/report.ts), progress on standard error; fails as soon as a node can't come up any more
 *   renew  prints what was printed before where that is about the very same machines, else waits again
 */
import { runProgram } from "./program.ts";
import { readConsoles } from "./readiness/console.ts";
import { readEtcd } from "./readiness/etcd.ts";
import { consolesOnHosts, machinesOnHosts } from "./readiness/hosts.ts";
import { readMachines } from "./readiness/machines.ts";
import { readReach } from "./readiness/reach.ts";
import { readRegistry } from "./readiness/registry.ts";
import { nodesIn } from "./readiness/report.ts";
import { readSettings } from "./readiness/settings.ts";
import { wayOf } from "./readiness/way.ts";
import { isKnown, PACE, waitUntilHealthy } from "./readiness/wait.ts";

async function wait(env: NodeJS.ProcessEnv): Promise<string> {
  const settings = readSettings(env);
  const sources = {
    registry: readRegistry(settings),
    etcd: readEtcd(settings.clientPort, wayOf(settings)),
    machines: machinesOnHosts(settings, readMachines),
    reach: readReach(),
    consoles: consolesOnHosts(settings, readConsoles),
  };
  const before = nodesIn(env["PULUMI_COMMAND_STDOUT"] ?? "");
  return JSON.stringify(await waitUntilHealthy(settings, sources, PACE, before));
}

async function renew(env: NodeJS.ProcessEnv): Promise<string> {
  const report = env["PULUMI_COMMAND_STDOUT"] ?? "";
  const { nodes } = readSettings(env);
  const before = nodesIn(report);
  const same = nodes.length === before.size && nodes.every((node) => isKnown(node, before));
  return same ? report : await wait(env);
}

await runProgram({ wait, renew });
