/**
 * The wait for a healthy cluster; run by a Command resource, parameters in the environment (see readiness/settings.ts):
 *   wait   ends when every member is healthy; prints one line of JSON on standard output (readiness/report.ts),
 *          progress on standard error; fails as soon as a node can't come up any more
 *   keep   prints what was printed before
 */
import { keep, runProgram } from "./program.ts";
import { readConsoles } from "./readiness/console.ts";
import { readEtcd } from "./readiness/etcd.ts";
import { readMachines } from "./readiness/machines.ts";
import { readRegistry } from "./readiness/registry.ts";
import { readSettings } from "./readiness/settings.ts";
import { waitUntilHealthy } from "./readiness/wait.ts";

await runProgram({
  wait: async (env) => {
    const settings = readSettings(env);
    const sources = {
      registry: readRegistry(settings.discoveryUrl),
      etcd: readEtcd(settings.clientPort),
      machines: readMachines(settings.uri),
      consoles: readConsoles(settings.uri),
    };
    return JSON.stringify(await waitUntilHealthy(settings, sources));
  },
  keep,
});
