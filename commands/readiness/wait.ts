/** The wait itself: asks again and again until all is well, something can't become well any more, or time is up. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ProgramError, say } from "../program.ts";
import { checkCluster } from "./cluster.ts";
import { type Consoles, failureIn } from "./console.ts";
import type { Etcd } from "./etcd.ts";
import { explainFailure, explainStrangers, explainTimeout } from "./explain.ts";
import type { Machines } from "./machines.ts";
import { NodeProgress, summary } from "./progress.ts";
import type { Registrations, Registry } from "./registry.ts";
import type { ClusterReport } from "./report.ts";
import type { ReadinessSettings } from "./settings.ts";

export interface Sources {
  readonly registry: Registry;
  readonly etcd: Etcd;
  readonly machines: Machines;
  readonly consoles: Consoles;
}

/** Milliseconds. */
export interface Pace {
  /** Between one round of questions and the next. */
  readonly round: number;
  /** Between two looks at libvirt, which cost the host more. */
  readonly machines: number;
  /** After the first sign of a failure, for the guest to say why. */
  readonly grace: number;
  /** Without any news before a line says that all goes on. */
  readonly silence: number;
}

export const PACE: Pace = { round: 1500, machines: 8000, grace: 8000, silence: 30_000 };

/**
 * @returns what was found, once every member is healthy and the members are one cluster.
 * @throws ProgramError with the node's name and its own words, or on a time-out how far each node came.
 */
export async function waitUntilHealthy(
  settings: ReadinessSettings,
  sources: Sources,
  pace: Pace = PACE,
): Promise<ClusterReport> {
  const { registry, etcd, machines, consoles } = sources;
  const nodes = settings.nodes.map(({ name }) => new NodeProgress(name));
  const started = performance.now();
  const elapsed = (): number => performance.now() - started;
  const seconds = (): number => Math.round(elapsed() / 1000);
  const firstSigns = new Map<string, number>();
  const probeKey = `coreos-cluster-readiness-${randomBytes(8).toString("hex")}`;
  let registrations: Registrations = { hosts: new Map() };
  let lookedAt = -Infinity;
  let trouble: string | undefined;
  let lastNews = 0;
  let told = "";
  say(summary(nodes, 0, settings.timeout));

  async function lookAtConsoles(): Promise<void> {
    for (const node of nodes.filter(({ stage }) => stage !== "healthy")) {
      const failure = failureIn((await consoles.tail(node.name)) ?? []);
      if (failure === undefined) continue;
      const first = firstSigns.get(node.name) ?? elapsed();
      firstSigns.set(node.name, first);
      if (failure.final || elapsed() - first >= pace.grace)
        throw new ProgramError(await explainFailure(node, failure.reason, settings, consoles));
    }
  }

  async function lookAtMachines(): Promise<void> {
    if (elapsed() - lookedAt < pace.machines) return;
    lookedAt = elapsed();
    const running = await machines.running();
    if (running === undefined) return;
    for (const node of nodes) {
      if (!running.has(node.name))
        throw new ProgramError(
          await explainFailure(node, "the machine is not running any more", settings, consoles),
        );
      if (node.stage !== "booting") continue;
      const mac = settings.nodes.find(({ name }) => name === node.name)?.mac ?? "";
      node.host = await machines.address(node.name, mac);
      if (node.host !== undefined) node.reach("addressed", seconds());
    }
  }

  async function lookAtMembers(): Promise<void> {
    registrations = await registry();
    const hosts: ReadonlyMap<string, string> =
      "hosts" in registrations ? registrations.hosts : new Map<string, string>();
    const strangers = [...hosts.keys()].filter((name) => !nodes.some((node) => node.name === name));
    if (strangers.length > 0) throw new ProgramError(explainStrangers(strangers, settings));
    await Promise.all(
      nodes.map(async (node) => {
        const host = hosts.get(node.name);
        if (host !== undefined) {
          node.host = host;
          if (node.stage === "booting" || node.stage === "addressed") node.reach("registered", seconds());
        }
        if (node.host === undefined) return;
        node.complaint = await etcd.unhealthy(node.host);
        if (node.complaint === undefined) node.reach("healthy", seconds());
        else if (node.stage === "healthy")
          node.reach(host === undefined ? "addressed" : "registered", seconds());
      }),
    );
  }

  while (elapsed() < settings.timeout * 1000) {
    const looks = await Promise.allSettled([lookAtConsoles(), lookAtMachines(), lookAtMembers()]);
    const failed = looks.find((look) => look.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    if (nodes.every(({ stage }) => stage === "healthy")) {
      const found = await checkCluster(nodes, etcd, probeKey);
      if ("report" in found) {
        say(
          `All ${nodes.length} members are healthy and one cluster, led by ${found.report.leader} (${seconds()} s)`,
        );
        return found.report;
      }
      trouble = found.trouble;
    }
    const now = nodes.map((node) => node.words()).join();
    if (now !== told) lastNews = elapsed();
    else if (elapsed() - lastNews >= pace.silence) {
      lastNews = elapsed();
      say(summary(nodes, seconds(), settings.timeout));
    }
    told = now;
    await sleep(pace.round);
  }
  throw new ProgramError(await explainTimeout(nodes, settings, registrations, trouble, consoles));
}
