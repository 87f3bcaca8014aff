/** `status`: the nodes of a stack, live: machines, leases, members, health. */
import { setTimeout as sleep } from "node:timers/promises";
import { labStatus } from "../../lab/libvirt/index.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { healthOf } from "../hosts/health.ts";
import { forUser, type Reached, reachStack, stackAsked } from "../hosts/reach.ts";
import { domainStates, hostsOf, remarkOn, wayIn } from "../hosts/spread.ts";
import { readStack } from "../hosts/stackState.ts";
import { type ClusterStatus, renderStatus, statusJson, statusOf } from "../hosts/statusTable.ts";
import { bringUp } from "../lab/known.ts";
import { locksOf } from "../lab/locks.ts";
import { ExitError, messageOf } from "../ui/errors.ts";

export interface StatusOptions {
  readonly stack?: string;
  readonly connect?: string;
  readonly json?: boolean;
  readonly watch?: boolean;
}

/** Milliseconds between two looks. */
const PAUSE = 2000;

/** @throws ExitError 1 when a node is not healthy */
export async function status(paths: LabPaths, options: StatusOptions): Promise<void> {
  const reached = await reachStack(paths, options.connect);
  const stack = stackAsked(reached, options.stack);
  const state = await readStack(paths, reached, stack);
  const name = stack ?? "selected";
  const hosts = hostsOf(reached, state, options.connect);
  const ask = healthOf(paths, state, await wayIn(reached, hosts));
  const remark = remarkOn(state, options.connect);
  if (remark !== undefined) process.stderr.write(`${remark}\n`);
  const look = async (): Promise<ClusterStatus> => {
    const [view, domains, leases] = await Promise.all([ask(), domainStates(hosts, state), leasesOf(reached)]);
    return statusOf(name, view, domains, leases, remark === undefined ? "gone" : "not asked");
  };
  if (options.watch === true) await watch(() => forUser(look), options.json === true);
  else {
    const found = await forUser(look);
    const nothing = found.nodes.length === 0 ? await whyNothing(paths, reached, name) : "";
    once(found, options.json === true, nothing);
  }
}

/** What is said of a stack without nodes: who is at work on it, in the lab, or what makes them. */
async function whyNothing(paths: LabPaths, { lab }: Reached, stack: string): Promise<string> {
  const holder = lab === undefined ? undefined : (await locksOf(paths, stack)).holder;
  return holder === undefined
    ? `Stack ${stack} has no nodes. Next: ${bringUp(lab === undefined ? undefined : stack)}`
    : `Stack ${stack} has no nodes yet, and is being worked on (process ${holder.pid}: ${holder.command}). Next: npm run cluster -- status --watch`;
}

/** What the lab's DHCP server has given; other servers are somebody else's and not asked. */
async function leasesOf({ lab }: Reached): Promise<readonly { mac: string; address: string }[]> {
  if (lab === undefined) return [];
  const found = await labStatus(lab);
  return found.state === "up" ? found.leases : [];
}

const print = (text: string): void => {
  process.stdout.write(text);
};

/** @param nothing what is said where there are no nodes. */
function once(found: ClusterStatus, json: boolean, nothing: string): void {
  if (json) print(`${JSON.stringify(statusJson(found), null, 2)}\n`);
  else print(found.nodes.length === 0 ? `${nothing}\n` : `${renderStatus(found)}\n`);
  if (found.nodes.length > 0 && !found.healthy) throw new ExitError(1);
}

/** Looks again and again until Ctrl-C: in place on a terminal, one block after the other elsewhere. */
async function watch(look: () => Promise<ClusterStatus>, json: boolean): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const stop = (): void => {
    controller.abort();
  };
  const goOn = (): boolean => !signal.aborted;
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  process.stdout.once("error", stop); // `status --watch | head`
  while (goOn()) {
    // A host that does not answer for a while, such as where libvirtd is started again, does not end it.
    const found = await look().catch((error: unknown) => messageOf(error));
    if (!goOn()) break;
    if (typeof found === "string") process.stderr.write(`${found}\n`);
    else print(json ? `${JSON.stringify(statusJson(found))}\n` : block(found));
    await sleep(PAUSE, undefined, { signal }).catch(() => undefined);
  }
  process.off("SIGINT", stop);
  process.off("SIGTERM", stop);
}

/** One look, over the one before on a terminal: to the upper left, and what is left of the old one erased. */
function block(found: ClusterStatus): string {
  const title = `${found.stack} at ${new Date().toLocaleTimeString("en-GB")}: ${found.healthy ? "healthy" : "NOT healthy"}`;
  const text = `${title}\n\n${renderStatus(found)}\n`;
  return process.stdout.isTTY ? `\u001b[H\u001b[2J${text}` : `${text}\n`;
}
