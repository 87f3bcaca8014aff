/** The configuration that each node gets on its first boot, and the short names of its versions. */
import { createHash } from "node:crypto";
import { founders } from "../plan/members.ts";
import { arrivals, turnOf } from "../plan/rejoin.ts";
import { imageIdentity } from "../plan/image.ts";
import type { ClusterPlan, NodePlan } from "../plan/types.ts";
import { RenderError } from "./errors.ts";
import { standInTls } from "./holders.ts";
import { renderNode } from "./node.ts";
import type { Ignition } from "./transpile/index.ts";
import type { Bootstrap } from "./variables.ts";

export { RenderError } from "./errors.ts";
export { memberUrls, schemeOf } from "./families.ts";
export { dockerHolderOf, hasRemoteDocker, type Holder, holderOf, type NodeTls } from "./holders.ts";
export { composeConfig } from "./node.ts";
export type { Bootstrap } from "./variables.ts";

/**
 * Stands for what a bootstrap brings, wherever a configuration is made before there is one. Certificates hang on no other node, so
 * they are no sign of one.
 */
function standIn(plan: ClusterPlan, node: NodePlan, word = "stand-in"): Bootstrap {
  const { discovery, bootstrapSize, tls } = plan;
  const urls: Readonly<Record<ClusterPlan["discovery"]["mode"], string>> = {
    service: `http://discovery.invalid/${word}`,
    etcd: `http://discovery.invalid/${word}`,
    url: `http://discovery.invalid/${word}`,
    v3: `http://discovery.invalid/_etcd/registry/${word}`,
    static: "",
  };
  return {
    discoveryUrl: bootstrapSize === 0 ? "" : urls[discovery.mode],
    clusterToken: word,
    ...(tls === undefined ? {} : { tls: standInTls(tls, node) }),
  };
}

/** Hex digits of a short hash: 48 bits, so that two versions of one disk never meet. */
const SHORT = 12;

const shortHash = (parts: readonly unknown[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, SHORT);

function render(plan: ClusterPlan, node: NodePlan, bootstrap: Bootstrap): Ignition {
  try {
    return renderNode(plan, node, bootstrap);
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    throw new RenderError(`The configuration of node ${node.name} could not be made. ${error.message}`, {
      cause: error,
    });
  }
}

/**
 * A node's Ignition config, as JSON in the version that the plan's system reads. The same plan and URL give the same text.
 * Runs ct, and as they are needed butane and ign-converter, from PATH, and ignition-validate on the result: some milliseconds
 * each. Where members find each other without a registry the generation is the cluster's token, unless one is given.
 * @throws RenderError naming the node, the file and its line.
 */
export function renderIgnition(plan: ClusterPlan, node: NodePlan, bootstrap: Bootstrap): string {
  const withToken: Bootstrap =
    plan.discovery.mode === "static" ? { clusterToken: generation(plan), ...bootstrap } : bootstrap;
  return render(plan, node, withToken).json;
}

/** What is asked for many times of one plan and costs a transpiler run or more; plans never change. */
interface Known {
  readonly nodes: Map<string, Ignition>;
  generation?: string;
}

const known = new WeakMap<ClusterPlan, Known>();

function knownOf(plan: ClusterPlan): Known {
  const entry = known.get(plan) ?? { nodes: new Map<string, Ignition>() };
  known.set(plan, entry);
  return entry;
}

/** Stands for the members that are there when one joins. */
const STRANGERS = "stand-in=http://stand-in.invalid:2380";

/** A node's config as it is before there is a cluster. */
function foreseen(plan: ClusterPlan, node: NodePlan, joining: boolean): Ignition {
  const { nodes } = knownOf(plan);
  const key = `${joining ? "joins" : "begins"} ${node.name}`;
  const bootstrap = { ...standIn(plan, node), ...(joining ? { initialCluster: STRANGERS } : {}) };
  const ignition = nodes.get(key) ?? render(plan, node, bootstrap);
  nodes.set(key, ignition);
  return ignition;
}

/** Whether a member joins a cluster that is there, in place of beginning one with others; so does one that was made anew. */
export const joins = (plan: ClusterPlan, node: Pick<NodePlan, "name">): boolean =>
  arrivals(plan).some(({ name }) => name === node.name);

/** Where a disk lies, where there are several hosts: on another one, or in another folder, it is another disk. */
const placeOf = ({ hosts }: ClusterPlan, { host }: NodePlan): readonly unknown[] =>
  hosts === undefined ? [] : [host, hosts.find(({ name }) => name === host)?.pool.path];

/** All that gives a node's disk its content at first boot, but for what the bootstrap brings. */
const diskContent = (plan: ClusterPlan, node: NodePlan, joining: boolean): readonly unknown[] => [
  node.name,
  imageIdentity(plan.image),
  node.diskSize,
  foreseen(plan, node, joining).json,
  ...placeOf(plan, node),
];

/** The bootstrap that the user brings, if any; one that the program obtains is the consequence of the generation. */
function given({ discovery }: ClusterPlan): string | null {
  if (discovery.mode === "url") return discovery.url;
  return discovery.mode === "v3" ? (discovery.token ?? null) : null;
}

/**
 * A short hash of all that shapes a fresh cluster: the names, disks and configurations of the members that it begins with, the image's
 * content and the pool. Another generation means new disks for all members, and a new discovery URL, since a used one admits nobody else.
 * Time-outs, memory, the image's path, the layout of profiles, members that join and
 * nodes that are no members are not part of it, and neither is who of them was made anew. Renders every
 * member's configuration, so that a mistake in a file comes out before anything is made.
 * @throws RenderError
 */
export function generation(plan: ClusterPlan): string {
  const { rejoin } = plan;
  const computed = (knownOf(plan).generation ??= shortHash([
    founders(plan).map((node) => diskContent(plan, node, false)),
    plan.pool.path,
    given(plan),
  ]));
  // A cluster that was changed member by member is still the one that it was.
  return rejoin?.config === computed ? rejoin.generation : computed;
}

/** Whether a node's config hangs on the bootstrap: with another one it would be another. */
const usesBootstrap = (plan: ClusterPlan, node: NodePlan): boolean =>
  render(plan, node, standIn(plan, node, "another")).json !== foreseen(plan, node, false).json;

/**
 * A short hash of all that shapes a node's disk, known at preview: what names of volumes carry, so that a changed node gets a
 * fresh disk. Members change together (see `generation`), and with them a node whose files mention the discovery URL.
 * @throws RenderError
 */
export function fingerprint(plan: ClusterPlan, node: NodePlan): string {
  const joining = joins(plan, node);
  const bound = node.role === "member" || usesBootstrap(plan, node);
  const turn = turnOf(plan, node.name);
  return shortHash([
    ...[diskContent(plan, node, joining), plan.pool.path, bound ? generation(plan) : null],
    ...(turn === 0 ? [] : [turn]),
  ]);
}

/**
 * What the transpilers say about the user's files without refusing them, for every run to show: one line each, with file and
 * line, and the nodes where it is not all of those that have the file.
 * @throws RenderError
 */
export function warningsOf(plan: ClusterPlan): readonly string[] {
  const found = new Map<string, NodePlan[]>();
  for (const node of plan.nodes) {
    for (const warning of foreseen(plan, node, joins(plan, node)).warnings) {
      found.set(warning, [...(found.get(warning) ?? []), node]);
    }
  }
  return [...found].map(([warning, nodes]) => {
    const files = (node: NodePlan): string => JSON.stringify(node.snippets.map(({ source }) => source));
    const alike = plan.nodes.filter((node) => nodes.some((other) => files(node) === files(other)));
    return alike.length === nodes.length
      ? warning
      : `${warning} (${nodes.map(({ name }) => name).join(", ")})`;
  });
}
