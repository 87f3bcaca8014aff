/** A cluster for the current stack: settings -> plan -> CoreOSCluster -> outputs. */
import * as pulumi from "@pulumi/pulumi";
import { CoreOSCluster } from "./components/coreosCluster.ts";
import { RenderError } from "./ignition/index.ts";
import * as texts from "./outputs/index.ts";
import { ConfigError, makePlan } from "./plan/index.ts";
import { readSettings } from "./settings.ts";

async function makeCluster(): Promise<CoreOSCluster> {
  try {
    const plan = makePlan(await readSettings());
    for (const warning of plan.warnings) void pulumi.log.warn(warning);
    return new CoreOSCluster("cluster", { plan });
  } catch (error) {
    // What the user can mend is said as it is, without the stack trace of a fault in the program.
    if (error instanceof ConfigError || error instanceof RenderError)
      throw new pulumi.RunError(error.message);
    throw error;
  }
}

const cluster = await makeCluster();

export const nodes = cluster.nodes;
export const etcdEndpoints = cluster.etcdEndpoints;
export const discoveryUrl = cluster.discoveryUrl;
export const etcdCredentials = cluster.etcdCredentials;
export const dockerCredentials = cluster.dockerCredentials;
export const sshCommands = cluster.sshCommands;
export const hosts = cluster.hosts;
export const dhcpReservations = cluster.nodes.apply(texts.dhcpReservations);
export const hostsFile = cluster.nodes.apply(texts.hostsLines);
export const sshConfig = cluster.nodes.apply((machines) => texts.sshConfig(machines));
export const etcdEnvironment = cluster.etcdEndpoints.apply(texts.etcdEnvironment);
