/** A cluster of doubles: members that answer as etcd does, and the registry where they have registered. */
import { ok } from "node:assert/strict";
import type { Pace } from "../../../commands/readiness/wait.ts";
import { type Asked, type Double, serve } from "./doubles.ts";

/** Milliseconds instead of seconds. */
export const QUICK: Pace = {
  round: 5,
  machines: 20,
  grace: 40,
  fetching: 100,
  patience: 200,
  outside: 300,
  silence: 100,
};

export const NAMES = ["a01", "a02", "a03"];

/** A member of a made-up cluster: what it says of itself, and what of the three APIs it has. */
export interface MemberDouble {
  health: unknown;
  members: string[];
  leader: string;
  /** The cluster's id, decimal; undefined where it isn't told. */
  cluster?: string;
  /** Path of its v3 gateway; without one it serves v2 only. */
  gateway: string | undefined;
  /** Forgets what is written, as a member of another cluster would. */
  forgetful: boolean;
}

export class Cluster {
  /** Keys, as the members that are one cluster share them. */
  readonly store = new Map<string, string>();
  readonly state: MemberDouble[] = NAMES.map(() => ({
    health: { health: "true", reason: "" },
    members: NAMES,
    leader: "3",
    gateway: "/v3",
    forgetful: false,
  }));
  registered: Record<string, string> = {};
  /** Where members say that a member is; undefined where they don't. */
  peer: (index: number) => string | undefined = (index) => this.host(index);
  servers: Double[] = [];
  registry: Double | undefined;
  port = 0;

  /** Members listen on addresses of their own and one common port, as real ones do. */
  async open(): Promise<void> {
    for (const index of NAMES.keys()) {
      const server = await serve((asked) => this.answer(index, asked), this.host(index), this.port);
      this.port = server.port;
      this.servers.push(server);
      this.registered[NAMES[index] ?? ""] = `http://${this.host(index)}:2380,http://${this.host(index)}:7001`;
    }
    this.registry = await serve(() => ({
      body: {
        action: "get",
        node: {
          nodes: Object.entries(this.registered).map(([name, url]) => ({
            value: url
              .split(",")
              .map((each) => `${name}=${each}`)
              .join(","),
          })),
        },
      },
    }));
  }

  host(index: number): string {
    return `127.0.0.${index + 2}`;
  }

  async close(): Promise<void> {
    for (const server of [...this.servers, this.registry]) await server?.close();
  }

  answer(index: number, { method, path, body }: Asked): { status?: number; body?: unknown } | undefined {
    const member = this.state[index];
    ok(member);
    if (path === "/health") return { body: member.health };
    const ids = member.members.map((name) => ({
      ...{ name, id: String(NAMES.indexOf(name) + 10) },
      peerURLs: peersOf(this.peer(NAMES.indexOf(name))),
    }));
    if (member.gateway !== undefined && path.startsWith(`${member.gateway}/`)) {
      const call = path.slice(member.gateway.length + 1);
      const { key = "", value = "" } = JSON.parse(body) as { key?: string; value?: string };
      const kvs =
        this.store.has(key) && !member.forgetful ? [{ key, value: this.store.get(key) }] : undefined;
      if (call === "kv/put") this.store.set(key, value);
      if (call === "kv/deleterange") this.store.delete(key);
      return {
        body: {
          "cluster/member/list": {
            ...(member.cluster === undefined ? {} : { header: { cluster_id: member.cluster } }),
            members: ids.map(({ id, ...rest }) => ({ ...rest, ID: id })),
          },
          "maintenance/status": { leader: String(Number(member.leader) + 8) },
          "kv/range": kvs === undefined ? {} : { kvs },
        }[call] ?? { header: {} },
      };
    }
    if (member.gateway !== undefined) return undefined;
    if (path === "/v2/members") return { body: { members: ids } };
    if (path === "/v2/stats/self")
      return { body: { leaderInfo: { leader: String(Number(member.leader) + 8) } } };
    if (!path.startsWith("/v2/keys/")) return undefined;
    const key = path.split("?")[0] ?? "";
    if (method === "PUT") this.store.set(key, new URLSearchParams(body).get("value") ?? "");
    if (method === "DELETE") this.store.delete(key);
    return { body: { node: { value: this.store.get(key) } } };
  }
}

const peersOf = (host: string | undefined): string[] => (host === undefined ? [] : [`http://${host}:2380`]);
