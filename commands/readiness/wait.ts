/** The wait itself: asks again and again until all is well, something can't become well any more, or time is up. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ProgramError, say } from "../program.ts";
import { messageOf } from "../ui/errors.ts";
import { checkCluster, type ClusterFinding, withoutMembers } from "./cluster.ts";
import type { Consoles } from "./console.ts";
import { ConsoleMemory, lookAtConsoles } from "./consoleLooks.ts";
import type { Etcd } from "./etcd.ts";
import { explainFailure, explainStrangers, explainTimeout } from "./explain.ts";
import { lookAtClients, lookAtMachines, lookAtMembers, standpoints } from "./looks.ts";
import type { Machines } from "./machines.ts";
import { Lasting, outsider, wayIn } from "./outside.ts";
import { NodeProgress, summary } from "./progress.ts";
import type { Reach } from "./reach.ts";
import type { Registrations, Registry } from "./registry.ts";
import type { ClusterReport, NodeReport } from "./report.ts";
import type { NodeSettings, ReadinessSettings } from "./settings.ts";

export interface Sources {
  readonly registry: Registry;
  readonly etcd: Etcd;
  readonly machines: Machines;
  readonly reach: Reach;
  readonly consoles: Consoles;
}

/** Milliseconds. */
export interface Pace {
  /** Between one round of questions and the next. */
  readonly round: number;
  /** Between two looks at libvirt, which cost the host more, or at who is outside of the cluster. */
  readonly machines: number;
  /** After the first sign of a failure, for the guest to say why. */
  readonly grace: number;
  /** That what Ignition tries to fetch has to come up, once nothing moves any more. */
  readonly fetching: number;
  /** That members which all run have to become one cluster, once nothing moves any more and one of them complains. */
  readonly patience: number;
  /** That a member may be outside of the cluster that the others are, before that counts: a restore may be at work. */
  readonly outside: number;
  /** Without any news before a line says that all goes on. */
  readonly silence: number;
}

export const PACE: Pace = {
  ...{ round: 1500, machines: 8000, grace: 8000 },
  ...{ fetching: 120_000, patience: 120_000, outside: 30_000, silence: 30_000 },
};

/** Whether an earlier report is about this very machine. */
export const isKnown = (node: NodeSettings, before: ReadonlyMap<string, NodeReport>): boolean =>
  node.machine !== "" && before.get(node.name)?.machine === node.machine;

/** A node of which its given address is known, and where it was found before if it is the same machine. */
function begin(node: NodeSettings, before: ReadonlyMap<string, NodeReport>): NodeProgress {
  const progress = new NodeProgress(node.name, node.role);
  progress.learn("config", node.address);
  if (isKnown(node, before)) progress.learn("report", before.get(node.name)?.addresses[0]);
  return progress;
}

const allHealthy = (nodes: readonly NodeProgress[]): boolean =>
  nodes.every(({ stage }) => stage === "healthy");

/** The members' report with the clients and the machines' identities. */
function complete(
  { nodes: found, ...cluster }: ClusterReport,
  clients: readonly NodeProgress[],
  settings: ReadinessSettings,
): ClusterReport {
  const reached = clients.map(({ name, host }) => ({
    ...{ name, memberId: "" },
    addresses: host === undefined ? [] : [host],
  }));
  const nodes = [...found, ...reached].map((node) => {
    const machine = settings.nodes.find(({ name }) => name === node.name)?.machine ?? "";
    return machine === "" ? node : { ...node, machine };
  });
  return { nodes, ...cluster };
}

function success(members: number, clients: number, leader: string, seconds: number): string {
  const all =
    members === 1 ? "The one member is healthy" : `All ${members} members are healthy and one cluster`;
  const one = members === 0 ? [] : [`${all}, led by ${leader}`];
  const other =
    clients === 1 ? "1 machine without etcd is ready" : `${clients} machines without etcd are ready`;
  return `${[...one, ...(clients === 0 ? [] : [other])].join("; ")} (${seconds} s)`;
}

/**
 * @param before what an earlier report says of nodes, by name. For machines that it is about, their addresses are tried,
 *   and a registry that has forgotten them or serves others by now is no failure.
 * @returns what was found, once every member is healthy, the members are one cluster, and every client is ready.
 * @throws ProgramError with the node's name and its own words, or on a time-out how far each node came.
 */
export async function waitUntilHealthy(
  settings: ReadinessSettings,
  sources: Sources,
  pace: Pace = PACE,
  before: ReadonlyMap<string, NodeReport> = new Map(),
): Promise<ClusterReport> {
  const { registry, etcd, reach, consoles } = sources;
  const nodes = settings.nodes.map((node) => begin(node, before));
  const members = nodes.filter(({ role }) => role === "member");
  const clients = nodes.filter(({ role }) => role === "client");
  const fresh = settings.nodes.some((node) => node.role === "member" && !isKnown(node, before));
  const started = performance.now();
  const elapsed = (): number => performance.now() - started;
  const clock = { elapsed, seconds: () => Math.round(elapsed() / 1000) };
  const memory = new ConsoleMemory();
  // Members leave the list before their machines go, and that is at the very end of an update.
  const leaving = new Set([...before.keys()].filter((name) => !nodes.some((node) => node.name === name)));
  const probeKey = `coreos-cluster-readiness-${randomBytes(8).toString("hex")}`;
  let registrations: Registrations = { hosts: new Map() };
  let lookedAt = -Infinity;
  const outside = new Lasting();
  let outsideAt = -Infinity;
  let trouble: string | undefined;
  let lastNews = 0;
  let told = "";
  say(summary(nodes, 0, settings.timeout));

  async function askMembers(): Promise<void> {
    if (members.length === 0) return;
    registrations = await registry();
    const names = "hosts" in registrations ? [...registrations.hosts.keys()] : [];
    const strangers = names.filter((name) => !members.some((node) => node.name === name));
    if (fresh && strangers.length > 0) throw new ProgramError(explainStrangers(strangers, settings));
    await lookAtMembers(members, registrations, sources, clock);
  }

  /**
   * @param failure what is thrown otherwise: of a node that is outside, it is no more than what comes of that.
   * @throws ProgramError where one is not in the cluster that most are, and stays so
   */
  async function askOutsiders(failure?: unknown): Promise<void> {
    if (failure === undefined && elapsed() - outsideAt < pace.machines) return;
    if (members.every(({ stage }) => stage !== "healthy")) return;
    outsideAt = elapsed();
    const names = members.map(({ name }) => name);
    const found = outsider(names, await standpoints(members, etcd));
    const node = members.find(({ name }) => name === found?.name);
    const lasts = outside.for(found === undefined ? undefined : `${found.name} ${found.why}`, elapsed());
    if (node === undefined || found === undefined) return;
    const itself = messageOf(failure).startsWith(`${found.name} can't become healthy`);
    if (failure === undefined ? lasts < pace.outside : !itself) return;
    const reason = `${found.why}. ${wayIn(found.name, settings.commandPrefix)}`;
    throw new ProgramError(await explainFailure(node, reason, settings, consoles));
  }

  async function askMachines(): Promise<void> {
    if (elapsed() - lookedAt < pace.machines) return;
    lookedAt = elapsed();
    await lookAtMachines(nodes, settings, sources, clock);
  }

  while (elapsed() < settings.timeout * 1000) {
    const looks = await Promise.allSettled([
      lookAtConsoles(nodes, settings, consoles, clock, memory, pace),
      askMachines(),
      askMembers(),
      lookAtClients(clients, reach, clock),
    ]);
    const failed = looks.find((look) => look.status === "rejected");
    if (failed !== undefined) {
      await askOutsiders(failed.reason);
      throw failed.reason;
    }
    if (allHealthy(nodes)) {
      const found: ClusterFinding =
        members.length === 0
          ? { report: withoutMembers }
          : await checkCluster(members, etcd, probeKey, leaving);
      if ("report" in found) {
        say(success(members.length, clients.length, found.report.leader, clock.seconds()));
        return complete(found.report, clients, settings);
      }
      trouble = found.trouble;
    }
    await askOutsiders();
    const now = nodes.map((node) => node.words()).join();
    if (now !== told) lastNews = elapsed();
    else if (elapsed() - lastNews >= pace.silence) {
      lastNews = elapsed();
      say(summary(nodes, clock.seconds(), settings.timeout));
    }
    told = now;
    await sleep(pace.round);
  }
  throw new ProgramError(await explainTimeout(nodes, settings, registrations, trouble, consoles));
}
