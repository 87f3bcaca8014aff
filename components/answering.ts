/** Several hosts are asked before anything is made on any of them, in previews too. */
import * as pulumi from "@pulumi/pulumi";
import { hostUuid } from "../host/identity.ts";
import { VirshError, virshOn, type Virsh } from "../host/virsh.ts";
import type { HostPlan } from "../plan/types.ts";
import type { KnownHost } from "./leaving.ts";

type Asked = Pick<HostPlan, "name" | "uri">;

const titled = ({ name, uri }: Asked): string => `${name} (${uri})`;

const knownAs = ({ host, uri }: KnownHost): string => (host === undefined ? uri : `${host} (${uri})`);

/**
 * A message that stays as it is: on its way through the outputs that wait for it, Pulumi's SDK would put the name of each
 * property before it, a line of them (its rpc module's serializeProperties).
 */
function plainError(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  return Object.defineProperty(error, "message", { get: () => message, set: () => undefined });
}

interface Answer<T> {
  readonly host: T;
  readonly uuid: string | undefined;
  /** Why there is none, in libvirt's own words; undefined where the host has answered. */
  readonly silence: string | undefined;
}

const answersOf = <T extends { readonly uri: string }>(
  hosts: readonly T[],
  ask: (uri: string) => Virsh,
): Promise<Answer<T>[]> =>
  Promise.all(
    hosts.map(async (host) => {
      try {
        return { host, uuid: await hostUuid(ask(host.uri)), silence: undefined };
      } catch (error) {
        if (!(error instanceof VirshError)) throw error;
        return { host, uuid: undefined, silence: error.message };
      }
    }),
  );

const silentOf = <T>(answers: readonly Answer<T>[], title: (host: T) => string): string[] =>
  answers
    .flatMap(({ host, silence }) => (silence === undefined ? [] : [`  ${title(host)}: ${silence}`]))
    .sort();

/**
 * Ends when all hosts have answered. Two entries that lead to one host would each clear away what the other has made there.
 * @param leaving those that the state knows and no machine is to be on any more: what is there can't be removed while one is silent, and
 *   the run would stop at it when all else was done.
 * @throws RunError that names the hosts which don't answer, with libvirt's own words, or those which are one.
 */
export async function requireHosts(
  hosts: readonly Asked[],
  leaving: readonly KnownHost[] = [],
  ask: (uri: string) => Virsh = virshOn,
): Promise<void> {
  const [answers, last] = await Promise.all([answersOf(hosts, ask), answersOf(leaving, ask)]);
  const silent = silentOf(answers, titled);
  const gone = silentOf(last, knownAs);
  const complaints = [
    ...(silent.length === 0 ? [] : [unanswered(silent, hosts.length)]),
    ...(gone.length === 0 ? [] : [unreleased(gone)]),
  ];
  if (complaints.length > 0) throw plainError(complaints.join("\n\n"));
  requireSeveral(answers);
  requireFreed(answers, last);
}

const GONE = 'docs/hosts.md, "A host that is gone for good"';

const unanswered = (silent: readonly string[], of: number): string =>
  `${silent.length} of the ${of} libvirt hosts that have machines of this cluster ` +
  `${silent.length === 1 ? "does" : "do"} not answer; nothing was changed on any of them:\n${silent.join("\n")}\n` +
  "Bring them back. One that nothing of this cluster is on yet can be taken out of the config key hosts; " +
  `what to do where another is gone for good: ${GONE}.`;

const unreleased = (silent: readonly string[]): string =>
  `The cluster has its last machines taken off ${silent.length} libvirt ${silent.length === 1 ? "host, which does" : "hosts, which do"} ` +
  `not answer; nothing was changed on any host:\n${silent.join("\n")}\n` +
  `Bring them back and run this again. What to do where a host is gone for good: ${GONE}.`;

/** @throws RunError where two ways lead to one host. */
function requireSeveral(answers: readonly Answer<Asked>[]): void {
  const known = new Map<string, Asked>();
  for (const { host, uuid } of answers) {
    const other = uuid === undefined ? undefined : known.get(uuid);
    if (other !== undefined)
      throw plainError(
        `The hosts ${titled(other)} and ${titled(host)} are one and the same: both have the UUID ${uuid ?? ""}. ` +
          "Take one of them out of the config key hosts. If they are two machines whose makers gave both the same UUID, " +
          "set host_uuid in libvirtd.conf of one of them, which libvirt's migration asks for too.",
      );
    if (uuid !== undefined) known.set(uuid, host);
  }
}

/** @throws RunError where a host comes under another name: what goes by the old one, and what is made by the new, would be the same things. */
function requireFreed(answers: readonly Answer<Asked>[], leaving: readonly Answer<KnownHost>[]): void {
  for (const { host, uuid } of leaving) {
    const again = answers.find((answer) => uuid !== undefined && answer.uuid === uuid)?.host;
    if (again !== undefined)
      throw plainError(
        `The host ${titled(again)} is one that this cluster is on already, as ${knownAs(host)}: under another name, what is removed ` +
          "there and what is made there would be the same things. " +
          (host.host === undefined ? "" : `Give it the name ${host.host} in the config key hosts. `) +
          "To go on with this config, run pulumi destroy first: the cluster begins anew then, empty.",
      );
  }
}
