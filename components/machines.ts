/** The cluster's machines: who begins it, who joins it one after the other, and its clients. */
import * as pulumi from "@pulumi/pulumi";
import { founders } from "../plan/members.ts";
import { arrivals, isRejoining, withoutTurns } from "../plan/rejoin.ts";
import type { ClusterPlan, NodePlan } from "../plan/types.ts";
import type { Certificates } from "./certificates.ts";
import type { IgnitionRenderer } from "./coreosCluster.ts";
import type { Discovery } from "./discovery.ts";
import { groundOf, type Ground } from "./grounds.ts";
import { initialClusterOf, makeJoin, makeMembership } from "./membership.ts";
import { Node } from "./node.ts";
import type { Owner } from "./owner.ts";
import type { Room } from "./room.ts";
import type { Site } from "./sites.ts";

export interface MachinesArgs {
  readonly plan: ClusterPlan;
  readonly ignition: IgnitionRenderer;
  readonly sites: readonly [Site, ...Site[]];
  readonly grounds: readonly Ground[];
  readonly owner: Owner;
  readonly discovery: Discovery;
  /** Undefined where members need no token. */
  readonly room: Room | undefined;
  readonly certificates: Certificates | undefined;
}

export interface Machines {
  /** In the order of their names. */
  readonly nodes: readonly Node[];
  /** What the last member that joins has its vote by. */
  readonly after: pulumi.Resource | undefined;
}

/** Members that join, and those that were made anew, are made one after the other; clients then wait for the last of these. */
export function makeMachines(args: MachinesArgs, parent: pulumi.Resource): Machines {
  const { plan, ignition, sites, grounds, owner, discovery, room, certificates } = args;
  const secret = plan.secretKeys.length > 0;
  const make = (
    node: NodePlan,
    more: {
      readonly fingerprint: string;
      readonly members?: pulumi.Output<string>;
      readonly after?: pulumi.Resource | undefined;
    },
  ): Node => {
    const { fingerprint, members, after } = more;
    const rendered = pulumi
      .all([discovery.url, members, certificates?.of(node)])
      .apply(([discoveryUrl, initialCluster, tls]) =>
        ignition.renderIgnition(plan, node, {
          discoveryUrl,
          ...(initialCluster === undefined ? {} : { initialCluster }),
          ...(tls === undefined ? {} : { tls }),
        }),
      );
    const text = secret ? pulumi.secret(rendered) : rendered;
    // Who joins, or is no member, needs no token.
    const founds = members === undefined && node.role === "member";
    const about = { plan, mark: owner.mark, node, fingerprint, after, room: founds ? room : undefined };
    return new Node({ ...about, ...groundOf(grounds, node), ignition: text }, { parent });
  };
  const joining = arrivals(plan);
  // A change that its members don't survive is none for clients.
  const waiting = isRejoining(plan) ? plan.nodes.filter(({ role }) => role === "client") : [];
  const made = new Map<string, Node>();
  const first = plan.nodes.filter((node) => !joining.includes(node) && !waiting.includes(node));
  for (const node of first)
    made.set(node.name, make(node, { fingerprint: ignition.fingerprint(plan, node) }));
  let after: pulumi.Resource | undefined;
  for (const node of joining) {
    // Where the cluster begins: without that host there is no list of members to leave.
    const { host } = groundOf(grounds, founders(plan)[0] ?? node).pool;
    const fingerprint = ignition.fingerprint(plan, node);
    const before = [...made.values()].filter(({ role }) => role === "member");
    const about = {
      ...{ plan, node, fingerprint, sites, before, after, host },
      ...{ discoveryUrl: discovery.url, credentials: certificates?.client },
      hooks: groundOf(grounds, node).hooks.growth,
    };
    const join = makeJoin(about, parent);
    const machine = make(node, { fingerprint, members: initialClusterOf(join), after: join });
    after = makeMembership(about, join, machine, parent);
    made.set(node.name, machine);
  }
  for (const node of waiting)
    made.set(node.name, make(node, { fingerprint: ignition.fingerprint(plan, node), after }));
  return { nodes: plan.nodes.flatMap(({ name }) => made.get(name) ?? []), after };
}

/** The SDK knows whether an output has a value in a preview, but leaves that out of its types. */
const isKnown = async (output: pulumi.Output<unknown>): Promise<boolean> =>
  await (output as unknown as { readonly isKnown: Promise<boolean> }).isKnown;

/**
 * The plan as far as it is about the cluster that is there: who is said to have been made anew in another one begins this one with the others. What the
 * config says of that has no meaning after a destroy, and nobody could take it out there.
 * @returns the plan itself where that hangs on nothing but the plan.
 */
export function planOfThis(
  plan: ClusterPlan,
  generation: string,
  { life }: Discovery,
): ClusterPlan | Promise<ClusterPlan> {
  const { rejoin } = plan;
  if (!isRejoining(plan)) return plan;
  if (rejoin?.generation !== generation) return withoutTurns(plan);
  return (async () => {
    if (!(await isKnown(life))) return withoutTurns(plan); // about to begin
    const here = await new Promise<string>((resolve) => life.apply(resolve));
    return here === rejoin.life ? plan : withoutTurns(plan);
  })();
}
