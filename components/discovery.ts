/** The discovery URL: obtained once for each generation of the cluster, kept until the next. */
import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { Command } from "@pulumi/command/local/command.js";
import { RandomId } from "@pulumi/random/randomId.js";
import { isBehindSsh } from "../host/remote.ts";
import type { ClusterPlan, DiscoveryPlan } from "../plan/types.ts";
import { program } from "./programs.ts";

export interface Discovery {
  /** What ignition/ renders members with; empty where they need no registry. */
  readonly url: pulumi.Output<string>;
  /** What has asked for it; undefined where nobody had to. */
  readonly command: Command | undefined;
  /**
   * 12 hex digits that another cluster has others of, be it of the same generation: one after a destroy, or after a change and back. Known in a
   * preview where the cluster is there. Empty for a plan without members.
   */
  readonly life: pulumi.Output<string>;
}

/** A mode in which something is asked of a registry. */
type Asking = Exclude<DiscoveryPlan, { readonly mode: "static" }>;

/** Whether the program makes the token itself, under a random name. */
const makesToken = (discovery: Asking): boolean =>
  discovery.mode === "etcd" || (discovery.mode === "v3" && discovery.token === undefined);

function parameters(discovery: Asking): Record<string, string> {
  switch (discovery.mode) {
    case "service":
    case "etcd":
      return { ENDPOINT: discovery.endpoint };
    case "url":
      return { URL: discovery.url };
    case "v3":
      return {
        ENDPOINTS: discovery.endpoints.join(" "),
        ...(discovery.token === undefined ? {} : { GIVEN_TOKEN: discovery.token }),
      };
  }
}

/** Where the libvirt host is behind ssh, a registry beside it may be reached only through it. */
const through = (uri: string): Record<string, string> => (isBehindSsh(uri) ? { LIBVIRT_URI: uri } : {});

/** Tells one of our programs that nothing of its registry may stand in its messages (commands/secrets.ts). */
export const markSecret = (secret: boolean): Readonly<Record<string, string>> =>
  secret ? { SECRET: "true" } : {};

/** Known when all of several hosts have answered: what is made of it is not made, in a run that one of them stops. */
const held = <T>({ hosts }: ClusterPlan, uri: pulumi.Output<string>, value: T): pulumi.Input<T> =>
  hosts === undefined ? value : pulumi.unsecret(uri).apply(() => value);

/**
 * A random name for a token. The random resources keep their values in plain state, as their ids: a secret registry's token is a hash of
 * that and of what the config keeps secret, which nobody has who only reads the state.
 */
function makeToken(
  name: string,
  { discovery, secretKeys }: ClusterPlan,
  generation: pulumi.Input<string>,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const { hex } = new RandomId(
    `${name}-discovery-token`,
    { byteLength: 16, keepers: { generation } },
    { parent },
  );
  if (!secretKeys.includes("discovery")) return hex;
  const salt = JSON.stringify(discovery);
  return pulumi.secret(
    hex.apply((id) => createHash("sha256").update(`${id} ${salt}`).digest("hex").slice(0, 32)),
  );
}

/**
 * Nothing is made in mode static, nor for a plan without members: then the URL is the empty text.
 * @param generation what the URL is good for: the only thing that makes a new one, so it is in the Command's name. What else
 *   changes counts from the next generation on: members that have found each other don't mind where their registry is now,
 *   and an update, whose output a preview can't know, would announce that all of them are replaced.
 * @param uri the libvirt host's connection.
 * @param after nothing is asked of a registry before this is there.
 */
export function makeDiscovery(
  name: string,
  plan: ClusterPlan,
  generation: string,
  uri: pulumi.Output<string>,
  after: readonly pulumi.Resource[],
  parent: pulumi.Resource,
): Discovery {
  const { discovery, bootstrapSize } = plan;
  if (bootstrapSize === 0) return { url: pulumi.output(""), command: undefined, life: pulumi.output("") };
  if (discovery.mode === "static")
    return {
      url: pulumi.output(""),
      command: undefined,
      life: makeLife(name, generation, held(plan, uri, 6), parent),
    };
  const secret = plan.secretKeys.includes("discovery");
  const token = makesToken(discovery)
    ? makeToken(name, plan, held(plan, uri, generation), parent)
    : undefined;
  const environment = uri.apply((at) => ({
    MODE: discovery.mode,
    ...parameters(discovery),
    ...(token === undefined ? {} : { TOKEN: token }),
    SIZE: String(bootstrapSize),
    ...markSecret(secret),
    ...through(at),
  }));
  const command = new Command(
    `${name}-discovery-${generation}`,
    {
      ...program("discovery"),
      create: "obtain",
      update: "keep",
      delete: "release",
      environment: secret ? pulumi.secret(environment) : environment,
    },
    {
      parent,
      dependsOn: [...after],
      ignoreChanges: ["environment", "interpreter"],
      additionalSecretOutputs: secret ? ["stdout"] : [],
    },
  );
  const url = secret ? pulumi.secret(command.stdout) : command.stdout;
  return {
    url,
    command,
    life: isGiven(discovery) ? makeLife(name, generation, held(plan, uri, 6), parent) : lifeOf(url),
  };
}

/** Whether the user brings what the members find each other by: then it says nothing of whose it is. */
const isGiven = (discovery: Asking): boolean =>
  discovery.mode === "url" || (discovery.mode === "v3" && discovery.token !== undefined);

/** Tokens are random, and no one can be had from a hash of it. */
const lifeOf = (url: pulumi.Output<string>): pulumi.Output<string> =>
  pulumi.unsecret(url.apply((text) => createHash("sha256").update(text).digest("hex").slice(0, 12)));

const makeLife = (
  name: string,
  generation: string,
  byteLength: pulumi.Input<number>,
  parent: pulumi.Resource,
): pulumi.Output<string> => new RandomId(`${name}-life-${generation}`, { byteLength }, { parent }).hex;
