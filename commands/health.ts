/**
 * Asks the machines of a cluster for their health, once; run inside the lab by `npm start` and `status`.
 * Arguments: client URLs of members, `ssh://address:port` of other machines. Prints one line of JSON: a list of
 * EndpointHealth in the arguments' order. LIBVIRT_URI, where it is set, names the host through which those are asked that can't
 * be reached from here. Where there are https URLs, `https://address:port#node`, standard input is one line of JSON, the
 * Credentials that members want to see.
 */
import { text } from "node:stream/consumers";
import type { Credentials } from "./http.ts";
import { type Member, readEtcd } from "./readiness/etcd.ts";
import { memberStatus, type MemberStatus } from "./readiness/maintenance.ts";
import { sshAnswers } from "./readiness/reach.ts";
import { wayVia } from "./through.ts";

export interface EndpointHealth {
  readonly endpoint: string;
  /** "healthy", or what is wrong. */
  readonly health: string;
  /** The members that this one knows, ids in hexadecimal; none of a machine that is no member. */
  readonly members: readonly Member[];
  /** What a member says of itself; missing where it doesn't answer or is none. */
  readonly status?: MemberStatus;
}

const via = wayVia(process.env["LIBVIRT_URI"] ?? "");

async function ask(endpoint: string, tls: Credentials | undefined): Promise<EndpointHealth> {
  const { protocol, hostname, port, hash } = new URL(endpoint);
  if (protocol === "ssh:") {
    const trouble = await sshAnswers(hostname, Number(port), undefined, via);
    return { endpoint, health: trouble === undefined ? "healthy" : `ssh: ${trouble}`, members: [] };
  }
  const name = hash === "" ? hostname : hash.slice(1);
  const way = tls === undefined ? via : { ...via, tls, serverName: name };
  const etcd = readEtcd(Number(port), () => way);
  const at = { name, host: hostname };
  const [trouble, members = [], status] = await Promise.all([
    etcd.unhealthy(at),
    etcd.members(at),
    memberStatus(etcd.endpoint(at), way),
  ]);
  return {
    ...{ endpoint, health: trouble?.says ?? "healthy" },
    members,
    ...(status === undefined ? {} : { status }),
  };
}

const endpoints = process.argv.slice(2);
const tls = endpoints.some((endpoint) => endpoint.startsWith("https:"))
  ? (JSON.parse(await text(process.stdin)) as Credentials)
  : undefined;
const answers = await Promise.all(endpoints.map((endpoint) => ask(endpoint, tls)));
process.stdout.write(`${JSON.stringify(answers)}\n`);
