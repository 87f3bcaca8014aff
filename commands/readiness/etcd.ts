/** Asking etcd members, of any version from 2.0 on, whether they are one healthy cluster. */
import { plainLine } from "../hosts/terminal.ts";
import { DIRECT, type Place, type WayTo } from "../way.ts";
import { field, list, request, type Reply } from "./http.ts";

export interface Member {
  readonly name: string;
  /** Hexadecimal, as etcdctl prints it. */
  readonly id: string;
  /** Host part of its first peer URL; missing where it has none that is a URL. */
  readonly host?: string;
}

export interface Roster {
  readonly members: readonly Member[];
  /** The cluster's id, hexadecimal; undefined where it is not told: etcd before 3.1. */
  readonly cluster: string | undefined;
}

/** What a member that is not healthy says instead. */
export interface Complaint {
  readonly says: string;
  /** False where nobody answered at all. */
  readonly answered: boolean;
}

export interface Etcd {
  endpoint(at: Place): string;
  /** Undefined when the member says that it is healthy. */
  unhealthy(at: Place): Promise<Complaint | undefined>;
  members(at: Place): Promise<readonly Member[] | undefined>;
  /** The same with whose list it is. */
  roster(at: Place): Promise<Roster | undefined>;
  /** Id of the leader that this member follows; undefined without one. */
  leader(at: Place): Promise<string | undefined>;
  /** Writes through one member and reads through another. Undefined when that works, else what went wrong. */
  probe(writer: Place, reader: Place, key: string, value: string): Promise<string | undefined>;
}

/** Paths of the JSON gateway to the v3 API: 3.4 and newer, 3.3, 3.1 and 3.2. */
export const GATEWAYS = ["/v3", "/v3beta", "/v3alpha"];

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** The v3 gateway writes 64-bit numbers as decimal strings. */
export const hexId = (value: unknown): string | undefined =>
  typeof value === "string" && /^[1-9][0-9]*$/.test(value) ? BigInt(value).toString(16) : undefined;

const told = (reply: Reply): string => ("problem" in reply ? reply.problem : `status ${reply.status}`);

const succeeded = (reply: Reply): boolean =>
  !("problem" in reply) && reply.status >= 200 && reply.status < 300;

const bodyOf = (reply: Reply): unknown => (succeeded(reply) && "body" in reply ? reply.body : undefined);

/**
 * @param port the members' client port.
 * @param wayTo how each member is reached; over https where that has `tls`.
 */
export function readEtcd(port: number, wayTo: WayTo = DIRECT): Etcd {
  const endpoint = (at: Place): string =>
    `${wayTo(at).tls === undefined ? "http" : "https"}://${at.host}:${port}`;
  const call = (method: string, at: Place, path: string, body?: object): Promise<Reply> =>
    request(method, `${endpoint(at)}${path}`, body, wayTo(at));

  /** A call of the v3 API, at whatever path this member has it; undefined where it has none. */
  async function v3(at: Place, method: string, body: object): Promise<Reply | undefined> {
    for (const gateway of GATEWAYS) {
      const reply = await call("POST", at, `${gateway}/${method}`, body);
      if ("problem" in reply || reply.status !== 404) return reply;
    }
    return undefined;
  }

  async function roster(at: Place): Promise<Roster | undefined> {
    const reply = await v3(at, "cluster/member/list", {});
    const body = bodyOf(reply ?? (await call("GET", at, "/v2/members")));
    const found = list(field(body, "members"));
    if (found.length === 0) return undefined;
    const idOf = (entry: unknown): string =>
      reply === undefined ? textOf(entry, "id") : (hexId(field(entry, "ID")) ?? "");
    return {
      members: found.map((entry) => memberOf(entry, idOf(entry))),
      cluster: reply === undefined ? undefined : hexId(field(field(body, "header"), "cluster_id")),
    };
  }

  async function probeV2(
    writer: Place,
    reader: Place,
    key: string,
    value: string,
  ): Promise<string | undefined> {
    const path = `/v2/keys/${key}`;
    const written = await call("PUT", writer, path, new URLSearchParams({ value }));
    if (!succeeded(written)) return `PUT ${endpoint(writer)}${path}: ${told(written)}`;
    const read = await call("GET", reader, `${path}?quorum=true`);
    await call("DELETE", writer, path);
    if (field(field(bodyOf(read), "node"), "value") === value) return undefined;
    return `a key written through ${writer.host} was not read through ${reader.host} (${told(read)})`;
  }

  return {
    endpoint,
    unhealthy: async (at) => {
      const reply = await call("GET", at, "/health");
      const health = field("body" in reply ? reply.body : undefined, "health");
      if (succeeded(reply) && (health === "true" || health === true)) return undefined;
      const says = health === undefined ? told(reply) : `health: ${JSON.stringify(health)}`;
      return { says, answered: !("problem" in reply) };
    },
    members: async (at) => (await roster(at))?.members,
    roster,
    leader: async (at) => {
      const reply = await v3(at, "maintenance/status", {});
      if (reply !== undefined) return hexId(field(bodyOf(reply), "leader"));
      const stats = bodyOf(await call("GET", at, "/v2/stats/self"));
      return textOf(field(stats, "leaderInfo"), "leader") || undefined;
    },
    probe: async (writer, reader, key, value) => {
      const written = await v3(writer, "kv/put", { key: base64(key), value: base64(value) });
      if (written === undefined) return await probeV2(writer, reader, key, value);
      if (!succeeded(written)) return `a key could not be written through ${writer.host} (${told(written)})`;
      const read = await v3(reader, "kv/range", { key: base64(key) });
      await v3(writer, "kv/deleterange", { key: base64(key) });
      const found = read === undefined ? undefined : list(field(bodyOf(read), "kvs"))[0];
      if (field(found, "value") === base64(value)) return undefined;
      return `a key written through ${writer.host} was not read through ${reader.host} (${read === undefined ? "no v3 API" : told(read)})`;
    },
  };
}

/** A member as both APIs list it. */
function memberOf(entry: unknown, id: string): Member {
  const url = list(field(entry, "peerURLs"))[0];
  const host = typeof url === "string" && URL.canParse(url) ? new URL(url).hostname : "";
  return { name: textOf(entry, "name"), id, ...(host === "" ? {} : { host }) };
}

/** Whoever answers at the address may have put anything into it, and it is shown on a terminal. */
function textOf(value: unknown, name: string): string {
  const found = field(value, name);
  return typeof found === "string" ? plainLine(found) : "";
}
