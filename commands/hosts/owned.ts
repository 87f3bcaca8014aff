/** The machines that a change may touch: those of this checkout's stack, known by the owner id in its state, or of an owner named by id. */
import type { HostAccess } from "../../host/access.ts";
import { readNodes, stackOf } from "../../host/clusters.ts";
import { VirshError } from "../../host/virsh.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { quote } from "../../plan/remedies.ts";
import { UserError } from "../ui/errors.ts";
import { type Choice, chooseCluster, type MarkedNode, ownersOf } from "./nodes.ts";
import { type Reached, stackAsked } from "./reach.ts";
import { hostsOf, remarkOn } from "./spread.ts";
import { readStack, type StackState } from "./stackState.ts";
import { shortOwner } from "./words.ts";

/** Machines of one host. */
export interface Group {
  readonly access: HostAccess;
  readonly nodes: readonly MarkedNode[];
}

export interface OwnedNodes {
  /** By host; a host without any has no entry. */
  readonly groups: readonly Group[];
  /** What is to be said where other hosts have machines of the stack, too. */
  readonly remark: string | undefined;
  /** The state that they were found by; undefined where they were named by their owner alone. */
  readonly state: StackState | undefined;
}

/**
 * The machines of a state's owners. A stack's name is no proof: on a shared host, everybody may have a stack "dev". Pure.
 * @throws UserError when there are none, with the namesakes that there are
 */
export function machinesOf(
  marked: readonly MarkedNode[],
  { owners }: Pick<StackState, "owners">,
  stack: string,
  title: string,
): MarkedNode[] {
  const own = marked.filter(({ mark }) => owners.includes(mark.owner));
  if (own.length > 0) return own;
  const namesakes = ownersOf(marked.filter(({ mark }) => mark.stack === stack));
  const others = namesakes.map((mark) => `${stackOf(mark)} of owner ${shortOwner(mark.owner)}`).join(", ");
  const why =
    owners.length === 0
      ? "it has not been brought up"
      : `none carries its owner's id, ${owners.map(shortOwner).join(", ")}`;
  throw new UserError(
    `there are no machines of stack ${stack} on ${title}: ${why}` +
      (others === "" ? "" : `. There is ${others}, which is another stack of that name: --owner ID names it`),
  );
}

/** One host of several does not answer: nothing is done by halves unless that is asked for. */
function silentHost(name: string, { hosts }: Pick<StackState, "hosts">, why: string): string {
  const others = hosts.filter((host) => host.name !== name && host.uri !== undefined);
  const ways = others.map((host) => `--connect ${quote(host.uri ?? "")} (${host.name})`).join(", ");
  return (
    `the host ${name} does not answer, and nothing was changed on any: ${why}` +
    (ways === "" ? "" : `\nThe machines of one host alone are meant by ${ways}`)
  );
}

/** @throws UserError when it can't be said whose machines are meant, or there are none */
export async function ownedNodes(
  paths: LabPaths,
  reached: Reached,
  choice: Choice & { readonly connect?: string },
): Promise<OwnedNodes> {
  const { access, silent } = reached;
  if (choice.owner !== undefined) {
    if (silent !== undefined) throw silent;
    const nodes = chooseCluster(await readNodes(access.virsh), choice, access.title);
    return { groups: [{ access, nodes }], state: undefined, remark: undefined };
  }
  const stack = stackAsked(reached, choice.stack);
  let state: StackState;
  try {
    state = await readStack(paths, reached, stack);
  } catch (error) {
    if (!(error instanceof UserError) || error === silent) throw error;
    throw new UserError(
      `whose machines are meant is read from the stack's state, and it can't be read: ${error.message}. ` +
        `--stack NAME names another stack; --owner ID names machines without a state (list shows the ids)`,
      { cause: error },
    );
  }
  const hosts = hostsOf(reached, state, choice.connect);
  const found = await Promise.all(
    hosts.map(async ({ name, access: at }) => ({
      access: at,
      marked: await readNodes(at.virsh).catch((error: unknown) => {
        if (!(error instanceof VirshError) || name === undefined) throw error;
        throw new UserError(silentHost(name, state, error.message), { cause: error });
      }),
    })),
  );
  const titles = hosts.map((host) => host.access.title).join(", ");
  const own = machinesOf(
    found.flatMap(({ marked }) => marked),
    state,
    stack ?? "selected",
    titles,
  );
  const groups = found.map(({ access: at, marked }) => ({
    access: at,
    nodes: marked.filter((node) => own.includes(node)),
  }));
  return {
    ...{ state, remark: remarkOn(state, choice.connect) },
    groups: groups.filter(({ nodes }) => nodes.length > 0),
  };
}
