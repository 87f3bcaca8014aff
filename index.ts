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

const { etcdCredentials, dockerCredentials, hosts } = cluster;

// Of what a cluster may have or not, what it has: Pulumi warns of outputs that are undefined.
export default {
  nodes: cluster.nodes,
  etcdEndpoints: cluster.etcdEndpoints,
  discoveryUrl: cluster.discoveryUrl,
  incarnation: cluster.incarnation,
  sshCommands: cluster.sshCommands,
  ...(etcdCredentials === undefined ? {} : { etcdCredentials }),
  ...(dockerCredentials === undefined ? {} : { dockerCredentials }),
  ...(hosts === undefined ? {} : { hosts }),
  dhcpReservations: cluster.nodes.apply(texts.dhcpReservations),
  hostsFile: cluster.nodes.apply(texts.hostsLines),
  sshConfig: cluster.nodes.apply((machines) => texts.sshConfig(machines)),
  etcdEnvironment: cluster.etcdEndpoints.apply(texts.etcdEnvironment),
};
