/** What a snapshot asks of a member by its JSON gateway (etcd 3.4 and newer): its revision, its keys, its data as a stream. */
import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { ask, field, list, parsed } from "../http.ts";
import { agentFor, type Way } from "../way.ts";
import { type KeyState, KeyDigest } from "./contents.ts";
import { SnapshotStream } from "./stream.ts";

/** A member did not do what was asked of it; `message` says what it said. */
export class MemberError extends Error {
  override name = "MemberError";
}

/** Milliseconds for a short answer, and for the next bytes of a long one. */
const TIME_LIMIT = 15_000;
const SILENCE = 60_000;

/** Keys in one answer: with names of usual length, far below what is read of an answer. */
const PAGE = 1000;

const base64 = (text: string): string => Buffer.from(text, "latin1").toString("base64");
/** From the first key that there can be, to the end (etcd's own notation). */
const FIRST = base64("\0");
const ALL = base64("\0");

async function post(endpoint: string, method: string, body: object, way: Way): Promise<unknown> {
  const answer = await ask(`${endpoint}/v3/${method}`, { method: "POST", body }, TIME_LIMIT, way);
  if (answer.reason !== undefined) throw new MemberError(answer.reason);
  const said = parsed(answer.text);
  if (answer.status === 200) return said;
  const message = field(said, "message") ?? field(said, "error");
  throw new MemberError(typeof message === "string" ? message : `status ${answer.status}`);
}

const textOf = (value: unknown, name: string): string => {
  const found = field(value, name);
  return typeof found === "string" ? found : "";
};

/** A member as the list of members has it. */
export interface Listed {
  /** Empty while it has not started yet. */
  readonly name: string;
  readonly peerUrls: readonly string[];
}

const listed = (entry: unknown): Listed => ({
  name: textOf(entry, "name"),
  peerUrls: list(field(entry, "peerURLs")).filter((url) => typeof url === "string"),
});

export interface MemberState {
  /** At least as new as all that was acknowledged before it was asked. */
  readonly revision: number;
  /** "3.4.23" */
  readonly version: string;
  /** What tells its cluster from all others, restored ones too; decimal. */
  readonly cluster: string;
  readonly members: readonly Listed[];
  /** Whether keys of the v2 API are there, which no snapshot holds. */
  readonly v2Keys: boolean;
}

/**
 * Asks a member how far it is. The read is linearizable: the member first catches up with its leader.
 * @throws MemberError
 */
export async function memberState(endpoint: string, way: Way = {}): Promise<MemberState> {
  const said = await post(endpoint, "kv/range", { key: FIRST, count_only: true }, way);
  const status = await post(endpoint, "maintenance/status", {}, way);
  const members = await post(endpoint, "cluster/member/list", {}, way);
  const v2 = await ask(`${endpoint}/v2/keys/`, {}, TIME_LIMIT, way);
  const nodes = v2.status === 200 ? list(field(field(parsed(v2.text), "node"), "nodes")) : [];
  const header = field(said, "header");
  return {
    revision: Number(field(header, "revision")),
    version: textOf(status, "version"),
    cluster: textOf(header, "cluster_id"),
    members: list(field(members, "members")).map(listed),
    v2Keys: nodes.length > 0,
  };
}

const keyState = (entry: unknown): KeyState => ({
  ...{ key: textOf(entry, "key"), modified: textOf(entry, "mod_revision") },
  version: textOf(entry, "version"),
});

/**
 * The keys that a member itself has at a revision, put together as `contentsOf` puts those of a file.
 * @throws MemberError
 */
export async function memberKeys(
  endpoint: string,
  revision: number,
  way: Way = {},
): Promise<{ readonly keys: number; readonly digest: string }> {
  const digest = new KeyDigest();
  for (let key = FIRST; ;) {
    const range = { key, range_end: ALL, limit: PAGE, revision, keys_only: true, serializable: true };
    const said = await post(endpoint, "kv/range", range, way);
    const found = list(field(said, "kvs")).map(keyState);
    for (const one of found) digest.add(one);
    const last = found.at(-1);
    if (field(said, "more") !== true || last === undefined) return digest.end();
    // The key that comes right after the last one.
    key = Buffer.concat([Buffer.from(last.key, "base64"), Buffer.from([0])]).toString("base64");
  }
}

function respond(url: URL, body: string, way: Way): Promise<IncomingMessage> {
  const secure = url.protocol === "https:";
  const agent = agentFor(url, way);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const call = (secure ? httpsRequest : httpRequest)(url, { method: "POST", headers, agent });
    call.setTimeout(SILENCE, () => {
      call.destroy(new MemberError(`nothing was heard for ${SILENCE / 1000} s`));
    });
    call.on("error", reject);
    call.on("response", resolve);
    call.end(body);
  });
}

/**
 * A member's data as of now, and their sha256 at the end, piece by piece as they come.
 * @throws MemberError, SnapshotStreamError
 */
export async function* takeSnapshot(endpoint: string, way: Way = {}): AsyncGenerator<Buffer> {
  const url = new URL(`${endpoint}/v3/maintenance/snapshot`);
  const response = await respond(url, "{}", way).catch((error: unknown) => {
    throw new MemberError((error as Error).message);
  });
  if (response.statusCode !== 200) {
    response.resume();
    throw new MemberError(
      `status ${response.statusCode ?? 0} on /v3/maintenance/snapshot (etcd before 3.4?)`,
    );
  }
  const stream = new SnapshotStream();
  for await (const chunk of response) yield* stream.add(chunk as Buffer);
  yield* stream.end();
}
