/** The cluster's authority, and the keys and certificates that it has vouched for: made once, kept until the rotation changes. */
import * as pulumi from "@pulumi/pulumi";
import { Command } from "@pulumi/command/local/command.js";
import type { KeyPair } from "../commands/certificates/x509.ts";
import type { Credentials } from "../commands/way.ts";
import { type Holder, holderOf, type NodeTls } from "../ignition/index.ts";
import type { ClusterPlan, NodePlan, TlsPlan } from "../plan/types.ts";
import { program } from "./programs.ts";

export interface Certificates {
  /** A node's own; secret. */
  of(node: NodePlan): pulumi.Output<NodeTls>;
  /** What users and the readiness check show to members; secret. */
  readonly client: pulumi.Output<Credentials>;
}

/** The client's common name, which etcd, once its authentication is on, takes for the user's name: the administrator's. */
const CLIENT: Holder = { name: "root", hosts: [] };

/**
 * A program's key pair, secret. Kept whatever else changes: only other triggers make another one, and then the preview shows a
 * replacement.
 */
function keyPair(
  name: string,
  args: {
    readonly create: string;
    readonly environment: Record<string, pulumi.Input<string>>;
    readonly triggers: readonly string[];
  },
  parent: pulumi.Resource,
): pulumi.Output<KeyPair> {
  const { create, environment, triggers } = args;
  const command = new Command(
    name,
    { ...program("certificates"), create, update: "keep", environment, triggers: [...triggers] },
    { parent, ignoreChanges: ["environment", "interpreter"], additionalSecretOutputs: ["stdout"] },
  );
  return pulumi.secret(command.stdout).apply((text) => JSON.parse(text) as KeyPair);
}

/**
 * Each node's certificate hangs on the authority and on nothing else, so that a machine that comes later gets one without a change
 * for the others. Nothing leaves this process but what goes into the state, where keys are encrypted.
 * @param name the component's name; the beginning of the names of what the cluster has one of.
 */
export function makeCertificates(
  name: string,
  { prefix }: Pick<ClusterPlan, "prefix">,
  { rotation }: TlsPlan,
  parent: pulumi.Resource,
): Certificates {
  const authority = keyPair(
    `${name}-ca`,
    { create: "authority", environment: { NAME: `${prefix} etcd CA` }, triggers: [rotation] },
    parent,
  );
  const certificate = (resource: string, holder: Holder): pulumi.Output<KeyPair> =>
    keyPair(
      resource,
      {
        create: "issue",
        environment: {
          CA_CERT: authority.cert,
          CA_KEY: authority.key,
          NAME: holder.name,
          HOSTS: holder.hosts.join(" "),
        },
        triggers: [rotation, ...holder.hosts],
      },
      parent,
    );
  return {
    of: (node) =>
      pulumi
        .all([authority, certificate(`${node.name}-certificate`, holderOf(node))])
        .apply(([ca, { cert, key }]) => ({ authority: ca.cert, certificate: cert, key })),
    client: pulumi
      .all([authority, certificate(`${name}-client-certificate`, CLIENT)])
      .apply(([ca, { cert, key }]) => ({ ca: ca.cert, cert, key })),
  };
}
