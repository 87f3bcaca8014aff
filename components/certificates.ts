/**
 * The cluster's authorities, etcd's and, where it listens on a network, Docker's, and the keys and certificates that they have vouched for:
 * made once, kept until the rotation changes.
 */
import * as pulumi from "@pulumi/pulumi";
import { Command } from "@pulumi/command/local/command.js";
import type { KeyPair } from "../commands/certificates/x509.ts";
import type { Credentials } from "../commands/way.ts";
import { dockerHolderOf, hasRemoteDocker, type Holder, holderOf, type NodeTls } from "../ignition/index.ts";
import type { ClusterPlan, NodePlan, TlsPlan } from "../plan/types.ts";
import { program } from "./programs.ts";

export interface Certificates {
  /** A node's own; secret. */
  of(node: NodePlan): pulumi.Output<NodeTls>;
  /** What users and the readiness check show to members; secret. */
  readonly client: pulumi.Output<Credentials>;
  /** What users show to Docker, secret; undefined where it listens on no network. */
  readonly docker: pulumi.Output<Credentials> | undefined;
}

/** The client's common name, which etcd, once its authentication is on, takes for the user's name: the administrator's. */
const CLIENT: Holder = { name: "root", hosts: [] };

const DOCKER_CLIENT: Holder = { name: "client", hosts: [] };

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

/** An authority, and what it makes for holders; each certificate hangs on it and on nothing else. */
function makeAuthority(
  name: string,
  title: string,
  { rotation }: TlsPlan,
  parent: pulumi.Resource,
): { readonly ca: pulumi.Output<KeyPair>; issue(resource: string, holder: Holder): pulumi.Output<KeyPair> } {
  const ca = keyPair(
    name,
    { create: "authority", environment: { NAME: title }, triggers: [rotation] },
    parent,
  );
  return {
    ca,
    issue: (resource, holder) =>
      keyPair(
        resource,
        {
          create: "issue",
          environment: {
            CA_CERT: ca.cert,
            CA_KEY: ca.key,
            NAME: holder.name,
            HOSTS: holder.hosts.join(" "),
            ...(holder.serverOnly === true ? { SERVER_ONLY: "true" } : {}),
          },
          triggers: [rotation, ...holder.hosts],
        },
        parent,
      ),
  };
}

/**
 * A machine that comes later gets its certificate without a change for the others. Nothing leaves this process but what goes into the
 * state, where keys are encrypted.
 * @param name the component's name; the beginning of the names of what the cluster has one of.
 */
export function makeCertificates(
  name: string,
  { prefix, nodes }: Pick<ClusterPlan, "prefix" | "nodes">,
  tls: TlsPlan,
  parent: pulumi.Resource,
): Certificates {
  const etcd = makeAuthority(`${name}-ca`, `${prefix} etcd CA`, tls, parent);
  const docker = nodes.some(hasRemoteDocker)
    ? makeAuthority(`${name}-docker-ca`, `${prefix} Docker CA`, tls, parent)
    : undefined;
  const credentials = (ca: pulumi.Output<KeyPair>, own: pulumi.Output<KeyPair>): pulumi.Output<Credentials> =>
    pulumi.all([ca, own]).apply(([authority, { cert, key }]) => ({ ca: authority.cert, cert, key }));
  const server = (ca: pulumi.Output<KeyPair>, own: pulumi.Output<KeyPair>) =>
    credentials(ca, own).apply(({ ca: authority, cert, key }) => ({ authority, certificate: cert, key }));
  return {
    of: (node) => {
      const own = server(etcd.ca, etcd.issue(`${node.name}-certificate`, holderOf(node)));
      if (docker === undefined || !hasRemoteDocker(node)) return own;
      const ofDocker = docker.issue(`${node.name}-docker-certificate`, dockerHolderOf(node));
      return pulumi
        .all([own, server(docker.ca, ofDocker)])
        .apply(([ours, theirs]) => ({ ...ours, docker: theirs }));
    },
    client: credentials(etcd.ca, etcd.issue(`${name}-client-certificate`, CLIENT)),
    docker:
      docker === undefined
        ? undefined
        : credentials(docker.ca, docker.issue(`${name}-docker-client-certificate`, DOCKER_CLIENT)),
  };
}
