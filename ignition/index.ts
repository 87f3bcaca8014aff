/** The configuration that each node gets on its first boot, and the short names of its versions. */
import { createHash } from "node:crypto";
import { imageIdentity } from "../plan/image.ts";
import type { ClusterPlan, NodePlan } from "../plan/types.ts";
import { RenderError } from "./errors.ts";
import { profilesOf } from "./profiles.ts";
import { compose, type ContainerLinuxConfig } from "./render/compose.ts";
import { transpile } from "./transpile/index.ts";
import { variablesOf, type Bootstrap } from "./variables.ts";

export { RenderError } from "./errors.ts";
export type { Bootstrap } from "./variables.ts";

/** Stands for the discovery URL wherever a configuration is made before there is one. */
const STAND_IN: Bootstrap = { discoveryUrl: "http://discovery.invalid/stand-in" };

/** Hex digits of a short hash: 48 bits, so that two versions of one disk never meet. */
const SHORT = 12;

const shortHash = (parts: readonly unknown[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, SHORT);

/** A node's Container Linux Config: what its profiles say, before the transpiler sees it. Runs no program. */
export const composeConfig = (
  plan: ClusterPlan,
  node: NodePlan,
  bootstrap: Bootstrap,
): ContainerLinuxConfig => compose(profilesOf(plan), variablesOf(plan, node, bootstrap));

/**
 * A node's Ignition config, as JSON in the version that the plan's system reads. The same plan and URL give the same text.
 * Runs ct, and for some systems ign-converter, from PATH: some milliseconds each.
 * @throws RenderError naming the node, the profile and its line.
 */
export function renderIgnition(plan: ClusterPlan, node: NodePlan, bootstrap: Bootstrap): string {
  try {
    return transpile(composeConfig(plan, node, bootstrap), plan.os);
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    throw new RenderError(`The configuration of node ${node.name} could not be made. ${error.message}`, {
      cause: error,
    });
  }
}

/** What is asked for many times of one plan and costs a transpiler run or more; plans never change. */
interface Known {
  readonly contents: Map<string, readonly unknown[]>;
  generation?: string;
}

const known = new WeakMap<ClusterPlan, Known>();

function knownOf(plan: ClusterPlan): Known {
  const entry = known.get(plan) ?? { contents: new Map<string, readonly unknown[]>() };
  known.set(plan, entry);
  return entry;
}

/** All that gives a node's disk its content at first boot, but for the discovery URL. */
function diskContent(plan: ClusterPlan, node: NodePlan): readonly unknown[] {
  const { contents } = knownOf(plan);
  const content = contents.get(node.name) ?? [
    node.name,
    imageIdentity(plan.image),
    node.diskSize,
    renderIgnition(plan, node, STAND_IN),
  ];
  contents.set(node.name, content);
  return content;
}

const members = (plan: ClusterPlan): readonly NodePlan[] => plan.nodes.slice(0, plan.bootstrapSize);

/**
 * A short hash of all that shapes a fresh cluster: its members' names, disks and configurations, the image's content and the
 * pool. Another generation means new disks for all members, and a new discovery URL, since a used one admits nobody else.
 * Time-outs, memory, the image's path and the layout of profiles are not part of it. Renders every member's configuration, so
 * that a mistake in a profile comes out before anything is made.
 * @throws RenderError
 */
export function generation(plan: ClusterPlan): string {
  // A URL that the user gives is a bootstrap of its own; one that the program obtains is the consequence of this hash.
  const given = plan.discovery.mode === "url" ? plan.discovery.url : null;
  return (knownOf(plan).generation ??= shortHash([
    members(plan).map((node) => diskContent(plan, node)),
    plan.pool.path,
    given,
  ]));
}

/**
 * A short hash of all that shapes a node's disk, known at preview: what names of volumes carry, so that a changed node gets a
 * fresh disk. Members change together (see `generation`).
 * @throws RenderError
 */
export function fingerprint(plan: ClusterPlan, node: NodePlan): string {
  const isMember = members(plan).some(({ name }) => name === node.name);
  return shortHash([diskContent(plan, node), plan.pool.path, isMember ? generation(plan) : null]);
}
