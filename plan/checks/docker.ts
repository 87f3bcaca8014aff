/** Whether the port of Docker's API is free on the nodes that open it: two programs can't listen on one. */
import { parseSocket } from "../addresses.ts";
import { DEFAULTS } from "../defaults.ts";
import type { Draft, NodeDraft } from "../draft.ts";
import type { Problem } from "../errors.ts";
import { isSecret, problemAt } from "../problems.ts";
import type { RawSettings } from "../raw.ts";
import { quote, setting } from "../remedies.ts";

/** Ports that listen on every machine, whatever its profiles, on all of its addresses. */
const OF_ALL: Readonly<Record<number, string>> = { 22: "ssh's" };

/** Official and original ports of etcd (ignition/profiles/etcd.yaml), for clients and for other members. */
const OF_ETCD: readonly number[] = [2379, 2380, 4001, 7001];

const holderOf = (port: number, nodes: readonly NodeDraft[]): string | undefined =>
  OF_ALL[port] ??
  (OF_ETCD.includes(port) &&
  nodes.some(({ role, profiles }) => role === "member" || profiles?.includes("etcd") === true)
    ? "etcd's"
    : undefined);

/** A port is taken whichever the address: what listens on all of them leaves none to anybody else. */
export function dockerProblems(draft: Draft, raw: RawSettings): Problem[] {
  const socket = parseSocket(draft.given.dockerListen ?? "");
  if (socket === undefined || raw.values["ignition"] !== undefined) return [];
  const nodes = (draft.nodes ?? []).filter(({ profiles }) => profiles?.includes("docker-remote"));
  const holder = nodes.length === 0 ? undefined : holderOf(socket.port, nodes);
  if (holder === undefined) return [];
  const path = ["dockerListen"];
  const usual = draft.given.tls === true ? DEFAULTS.dockerListenTls : DEFAULTS.dockerListen;
  const own = (draft.given.dockerListen ?? "").replace(/\d+$/, usual.replace(/^.*:/, ""));
  const free = "a port that is free on the nodes that have docker-remote";
  // A secret is neither repeated nor given away by what is said of it.
  return isSecret(raw, path)
    ? [problemAt(raw, path, `${free}: neither ssh's nor etcd's`, setting(raw.values, path, usual))]
    : [problemAt(raw, path, `${free}: ${socket.port} is ${holder}`, setting(raw.values, path, quote(own)))];
}
