/** A stack whose machines are on several libvirt hosts: which ones, and how each is asked. */
import { accessBy, accessInside, type HostAccess } from "../../host/access.ts";
import { readNodes } from "../../host/clusters.ts";
import { shellCommand } from "../../host/shell.ts";
import { VirshError } from "../../host/virsh.ts";
import { enterCommand } from "../../lab/libvirt/index.ts";
import { UserError } from "../ui/errors.ts";
import type { Reached } from "./reach.ts";
import type { StackState } from "./stackState.ts";

/** A host of the stack; `name` is undefined where it has only one, which nobody had to name. */
export interface StackHost {
  readonly name: string | undefined;
  readonly access: HostAccess;
}

/** How a host of the state is asked: from here, or from inside the lab. */
const accessTo = (lab: Reached["lab"], name: string, uri: string): HostAccess =>
  lab === undefined ? accessBy(uri) : accessInside(`host ${name}`, uri, enterCommand(lab));

/**
 * The hosts of a stack, as its state names them; the one that was reached where it names none, or where the user has named that one.
 * @param connect the user's own word.
 * @throws UserError where the state keeps their connections secret.
 */
export function hostsOf(
  { access, lab }: Reached,
  { hosts }: Pick<StackState, "hosts">,
  connect: string | undefined,
): StackHost[] {
  if (hosts.length === 0 || connect !== undefined) return [{ name: undefined, access }];
  return hosts.map(({ name, uri }) => {
    if (uri === undefined)
      throw new UserError(
        `the connection of the host ${name} is secret in the stack's state: name one host after the other with --connect URI`,
      );
    return { name, access: accessTo(lab, name, uri) };
  });
}

/**
 * All hosts that may have machines of the stack: those that its state names, as far as their connections are known, and the one that was
 * reached, since that may be one whose connection is not.
 */
export function everyHost({ access, lab }: Reached, { hosts }: Pick<StackState, "hosts">): StackHost[] {
  const named = hosts.flatMap(({ name, uri }): StackHost[] => {
    if (uri === undefined) return [];
    return [{ name, access: uri === access.uri ? access : accessTo(lab, name, uri) }];
  });
  return named.some((host) => host.access === access) ? named : [...named, { name: undefined, access }];
}

/** What is said where one host of several was looked at; undefined where all were. @param connect that one. */
export function remarkOn(
  { hosts }: Pick<StackState, "hosts">,
  connect: string | undefined,
): string | undefined {
  if (connect === undefined || hosts.length < 2) return undefined;
  const all = hosts.map(({ name, uri }) => (uri === undefined ? name : `${name} (${uri})`)).join(", ");
  return `This stack is on ${hosts.length} hosts: ${all}. Only ${connect} was looked at; --connect URI names another.`;
}

/**
 * The host through which machines are asked that can't be reached from here: the one that was reached, or, where that is silent, the first
 * of the others that answers.
 */
export async function wayIn({ access, silent }: Reached, hosts: readonly StackHost[]): Promise<string> {
  if (silent === undefined) return access.uri;
  for (const { access: other } of hosts)
    if (other.uri !== access.uri && (await other.virsh("uri").catch(() => "")) !== "") return other.uri;
  return access.uri;
}

/** libvirt's words for a machine that answers nobody until it is started. */
export const isOff = (state: string | undefined): boolean =>
  ["shut off", "paused", "pmsuspended", "crashed"].includes(state ?? "");

/** The options by which another verb finds the same stack, as words. */
export const sameStack = (
  options: Readonly<Partial<Record<"connect" | "stack" | "owner", string | undefined>>>,
): string[] => {
  const { connect, stack, owner } = options;
  return Object.entries({ connect, stack, owner }).flatMap(([key, value]) =>
    value === undefined ? [] : [`--${key}`, value],
  );
};

/**
 * What is said of machines that are off and should answer; undefined where all run. Pure.
 * @param states libvirt's, by name; a machine that has none here is somebody else's to judge.
 * @param more options by which `resume` finds the same stack.
 */
export function offNow(
  names: readonly string[],
  states: ReadonlyMap<string, string>,
  more: readonly string[] = [],
): string | undefined {
  const off = names.filter((name) => isOff(states.get(name)));
  if (off.length === 0) return undefined;
  const what = off.map((name) => `${name} (${states.get(name) ?? ""})`).join(", ");
  return `${what} ${off.length === 1 ? "does" : "do"} not run. Next: npm run cluster -- ${shellCommand(["resume", ...more])}`;
}

/**
 * Before machines are asked through the network.
 * @param names those that have to run.
 * @throws UserError naming those that don't
 */
export async function requireRunning(
  reached: Reached,
  state: StackState,
  names: readonly string[],
  { connect, stack }: { readonly connect?: string | undefined; readonly stack?: string | undefined },
): Promise<void> {
  const states = await domainStates(hostsOf(reached, state, connect), state);
  const off = offNow(names, states, sameStack({ connect, stack }));
  if (off !== undefined) throw new UserError(off);
}

/** The state of each machine that the stack owns, by its name. Of hosts that don't answer, those that the outputs put there. */
export async function domainStates(
  hosts: readonly StackHost[],
  { owners, outputs }: Pick<StackState, "owners" | "outputs">,
): Promise<Map<string, string>> {
  const found = await Promise.all(
    hosts.map(async ({ name, access }): Promise<[string, string][]> => {
      try {
        const own = (await readNodes(access.virsh)).filter(({ mark }) => owners.includes(mark.owner));
        return own.map(({ node }) => [node.name, node.state]);
      } catch (error) {
        if (!(error instanceof VirshError) || hosts.length === 1) throw error;
        const there = (outputs.nodes ?? []).filter(({ host }) => host === name);
        return there.map((node) => [node.name, "host silent"]);
      }
    }),
  );
  return new Map(found.flat());
}
