/**
 * What lets a member join a cluster that runs, and leave it again. Two Commands beside its machine: the first adds it to the members' list
 * before the machine is made, the second gives it its vote when it has started, and takes it out of the list before the machine goes.
 */
import * as pulumi from "@pulumi/pulumi";
import { Command } from "@pulumi/command/local/command.js";
import { joinedOf } from "../commands/membership/settings.ts";
import { peerUrl } from "../ignition/families.ts";
import { membersOf } from "../plan/members.ts";
import { turnOf } from "../plan/rejoin.ts";
import type { ClusterPlan, NodePlan } from "../plan/types.ts";
import { asking, type AskingArgs, listed, machines } from "./asking.ts";
import type { Node } from "./node.ts";
import { program } from "./programs.ts";

export interface JoiningArgs extends AskingArgs {
  readonly node: NodePlan;
  /** Of its disk: another one means that it leaves, and joins anew. */
  readonly fingerprint: string;
  /** The members that are there before it: those that begin the cluster, and those that join earlier. */
  readonly before: readonly Pick<Node, "name" | "domainId">[];
  /** The second Command of the member that joins before it. */
  readonly after: pulumi.Resource | undefined;
  /** What everything on the host where the cluster began is deleted with: then there is no list to leave. */
  readonly host: pulumi.Resource;
  /** Run before it is put on the list. */
  readonly hooks: pulumi.ResourceHookBinding;
}

/** What both Commands are told. */
function environment(
  { plan, node, before, ...args }: JoiningArgs,
  there: readonly Pick<Node, "name" | "domainId">[],
): Record<string, pulumi.Input<string>> {
  const names = new Set(before.map(({ name }) => name));
  const others = membersOf(plan).filter(({ name }) => name !== node.name);
  return {
    MEMBER: listed([node]),
    NODES: listed(others.filter(({ name }) => names.has(name))),
    OTHERS: listed(others.filter(({ name }) => !names.has(name))),
    MACHINES: machines(there),
    PEER_URL: peerUrl(plan, node.name),
    ...replacing(plan, node),
    ...asking({ plan, ...args }),
  };
}

/** Where its like was a member before. */
function replacing(plan: ClusterPlan, { name }: NodePlan): Record<string, string> {
  const turn = turnOf(plan, name);
  return turn === 0 ? {} : { REPLACES: "1", TURN: String(turn) };
}

/**
 * The entry in the members' list. The fingerprint is in its name: a member whose disk is to be another one joins anew, and the old entry is
 * taken out then. What else changes counts from the next joining on: it runs once, and an update, whose output a preview can't
 * know, would announce that the machine is replaced.
 * @returns the Command; its output is what the member must be told (commands/membership/settings.ts).
 */
export const makeJoin = (args: JoiningArgs, parent: pulumi.Resource): Command =>
  new Command(
    `${args.node.name}-join-${args.fingerprint}`,
    {
      ...program("membership"),
      create: "join",
      update: "keep",
      delete: "withdraw",
      environment: environment(args, args.before),
    },
    {
      parent,
      deletedWith: args.host,
      hooks: args.hooks,
      ignoreChanges: ["environment", "interpreter"],
      ...(args.after === undefined ? {} : { dependsOn: args.after }),
    },
  );

/** It says nothing of credentials, whatever the plugin makes of secrets among its inputs. */
const told = (join: Command): pulumi.Output<string> => pulumi.unsecret(join.stdout);

/** All members of the cluster at that time, as one that joins is told them. */
export const initialClusterOf = (join: Command): pulumi.Output<string> =>
  told(join).apply((text) => joinedOf(text).initialCluster);

/**
 * The membership itself, from its vote to its leaving. It depends on the machine, so it is deleted before that; another entry in the list
 * makes another one of it, another machine over the same disk does not.
 */
export const makeMembership = (
  args: JoiningArgs,
  join: Command,
  machine: Node,
  parent: pulumi.Resource,
): Command =>
  new Command(
    `${args.node.name}-membership`,
    {
      ...program("membership"),
      create: "start",
      update: "keep",
      delete: "leave",
      environment: { ...environment(args, [...args.before, machine]), JOINED: told(join) },
      triggers: [told(join).apply((text) => joinedOf(text).memberId)],
    },
    { parent, deletedWith: args.host, deleteBeforeReplace: true, dependsOn: [machine] },
  );
