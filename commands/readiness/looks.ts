/** The looks that the wait takes in each round: at members, at clients, at libvirt; at consoles: consoleLooks.ts. */
import { isIP } from "node:net";
import { ProgramError } from "../program.ts";
import type { Consoles } from "./console.ts";
import type { Etcd } from "./etcd.ts";
import { explainFailure } from "./explain.ts";
import type { Machines } from "./machines.ts";
import type { Standpoint } from "./outside.ts";
import type { NodeProgress } from "./progress.ts";
import type { Reach } from "./reach.ts";
import type { Registrations } from "./registry.ts";
import type { ReadinessSettings } from "./settings.ts";

/** Milliseconds and whole seconds since the wait began. */
export interface Clock {
  elapsed(): number;
  seconds(): number;
}

/** An address, or what a name resolves to here; undefined where it does not. */
const toAddress = async (host: string, reach: Reach): Promise<string | undefined> =>
  isIP(host.replace(/^\[|\]$/g, "")) === 0 ? await reach.resolve(host) : host;

/** Asks every member at all places where it may be; the first that says it is healthy counts. */
export async function lookAtMembers(
  members: readonly NodeProgress[],
  registrations: Registrations,
  sources: { readonly etcd: Etcd; readonly reach: Reach },
  clock: Clock,
): Promise<void> {
  const { etcd } = sources;
  const registered = "hosts" in registrations ? registrations.hosts : new Map<string, string>();
  await Promise.all(
    members.map(async (node) => {
      const where = registered.get(node.name);
      const address = where === undefined ? undefined : await toAddress(where, sources.reach);
      node.learn("registry", address);
      const hosts = node.candidates();
      node.host ??= hosts[0];
      const arrived = where !== undefined || node.knows("registry") ? "registered" : undefined;
      if (arrived !== undefined && (node.stage === "booting" || node.stage === "addressed")) {
        node.host = address ?? node.host;
        node.reach(arrived, clock.seconds());
      }
      const answers = await Promise.all(
        hosts.map(async (host) => ({ host, complaint: await etcd.unhealthy({ name: node.name, host }) })),
      );
      const found =
        answers.find(({ complaint }) => complaint === undefined) ??
        answers.find(({ complaint }) => complaint?.answered) ??
        answers[0];
      if (found === undefined) return;
      node.host = found.host;
      node.complaint = found.complaint?.says;
      if (found.complaint === undefined) node.reach("healthy", clock.seconds());
      else if (node.stage === "healthy") node.reach(arrived ?? "addressed", clock.seconds());
      else if (found.complaint.answered && node.stage === "booting") node.reach("addressed", clock.seconds());
    }),
  );
  await askOthers(members, sources);
}

/** Members that are found list the peer URLs of those that are not. */
async function askOthers(
  members: readonly NodeProgress[],
  { etcd, reach }: { readonly etcd: Etcd; readonly reach: Reach },
): Promise<void> {
  const lost = members.filter(({ stage }) => stage !== "healthy");
  const source = members.find(({ stage }) => stage === "healthy");
  if (lost.length === 0 || source?.host === undefined) return;
  const listed = (await etcd.members({ name: source.name, host: source.host })) ?? [];
  for (const node of lost) {
    const host = listed.find(({ name }) => name === node.name)?.host;
    if (host !== undefined) node.learn("members", await toAddress(host, reach));
  }
}

/** What those members that answer say of their cluster, each where it was found. */
export async function standpoints(members: readonly NodeProgress[], etcd: Etcd): Promise<Standpoint[]> {
  const all = await Promise.all(
    members.map(async ({ name, host, stage }): Promise<Standpoint | undefined> => {
      if (host === undefined) return undefined;
      const roster = await etcd.roster({ name, host });
      if (roster === undefined) return undefined;
      const { cluster, members: listed } = roster;
      return { name, healthy: stage === "healthy", cluster, listed: listed.map((one) => one.name) };
    }),
  );
  return all.filter((one) => one !== undefined);
}

/** A client is ready when its guest agent answers, or its ssh server. */
export async function lookAtClients(
  clients: readonly NodeProgress[],
  reach: Reach,
  clock: Clock,
): Promise<void> {
  await Promise.all(
    clients
      .filter(({ stage }) => stage !== "healthy")
      .map(async (node) => {
        const hosts = node.candidates();
        node.host ??= hosts[0];
        if (node.knows("agent")) {
          node.reach("healthy", clock.seconds());
          return;
        }
        const answers = await Promise.all(
          hosts.map(async (host) => ({ host, trouble: await reach.ssh(host, node.name) })),
        );
        const found = answers.find(({ trouble }) => trouble === undefined) ?? answers[0];
        if (found === undefined) return;
        node.host = found.host;
        node.complaint = found.trouble;
        if (found.trouble === undefined) node.reach("healthy", clock.seconds());
      }),
  );
}

/**
 * Asks libvirt whether all machines run, and where those are that nobody has told of yet.
 * @throws ProgramError when a machine does not run.
 */
export async function lookAtMachines(
  nodes: readonly NodeProgress[],
  settings: ReadinessSettings,
  sources: { readonly machines: Machines; readonly reach: Reach; readonly consoles: Consoles },
  clock: Clock,
): Promise<void> {
  const { machines, reach, consoles } = sources;
  const running = await machines.running();
  for (const node of nodes) {
    const on = running(node.name);
    if (on === false)
      throw new ProgramError(
        await explainFailure(node, "the machine is not running any more", settings, consoles),
      );
    if (node.stage === "healthy" || node.knows("agent") || node.knows("registry")) continue;
    node.learn("name", await reach.resolve(node.name));
    if (on === undefined) continue; // libvirt does not answer just now
    const mac = settings.nodes.find(({ name }) => name === node.name)?.mac ?? "";
    const located = await machines.locate(node.name, mac);
    if (located === undefined) continue;
    node.learn(located.agent ? "agent" : "host", located.address);
    node.host = located.address;
    if (node.stage === "booting") node.reach("addressed", clock.seconds());
  }
}
