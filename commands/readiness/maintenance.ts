/** What an etcd member says of itself through the maintenance API: leader, database, raft, alarms (etcd 3.1 and newer). */
import { plainLine } from "../hosts/terminal.ts";
import type { Way } from "../way.ts";
import { GATEWAYS, hexId } from "./etcd.ts";
import { field, list, request, type Reply } from "./http.ts";

/** Undefined is what this version of etcd does not say. */
export interface MemberStatus {
  /** Its own id, hexadecimal. */
  readonly id: string | undefined;
  readonly version: string | undefined;
  /** The leader's id, hexadecimal; undefined while there is none. */
  readonly leader: string | undefined;
  /** Bytes of the database's file. */
  readonly dbSize: number | undefined;
  /** Bytes of it that are in use; the rest comes free by defragmentation. */
  readonly dbSizeInUse: number | undefined;
  readonly raftTerm: number | undefined;
  readonly raftIndex: number | undefined;
  /** Alarms that are raised, such as `NOSPACE`, of this member. */
  readonly alarms: readonly string[];
}

/** The v3 gateway writes 64-bit numbers as decimal strings, and leaves out what is 0. */
function numberOf(value: unknown): number | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** Whoever answers at the address may have put anything into it, and it is shown on a terminal. */
const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? plainLine(value) : undefined;

const bodyOf = (reply: Reply): unknown =>
  "problem" in reply || reply.status !== 200 ? undefined : reply.body;

/** The alarms of one member in the list that every member keeps of all. Pure. */
export const alarmsOf = (body: unknown, id: string | undefined): string[] =>
  list(field(body, "alarms")).flatMap((entry) => {
    const alarm = textOf(field(entry, "alarm"));
    return alarm === undefined || hexId(field(entry, "memberID")) !== id ? [] : [alarm];
  });

/** Reads the answers to `maintenance/status` and `maintenance/alarm`. Pure. */
export function statusOf(status: unknown, alarms: unknown): MemberStatus {
  const header = field(status, "header");
  const id = hexId(field(header, "member_id"));
  return {
    id,
    version: textOf(field(status, "version")),
    leader: hexId(field(status, "leader")),
    dbSize: numberOf(field(status, "dbSize")),
    dbSizeInUse: numberOf(field(status, "dbSizeInUse")),
    raftTerm: numberOf(field(status, "raftTerm") ?? field(header, "raft_term")),
    raftIndex: numberOf(field(status, "raftIndex")),
    alarms: alarmsOf(alarms, id),
  };
}

/**
 * Asks one member; undefined when it doesn't answer, or has no v3 API.
 * @param way how it is reached.
 */
export async function memberStatus(endpoint: string, way?: Way): Promise<MemberStatus | undefined> {
  const base = endpoint.replace(/\/+$/, "");
  for (const gateway of GATEWAYS) {
    const reply = await request("POST", `${base}${gateway}/maintenance/status`, {}, way);
    if ("problem" in reply) return undefined;
    if (reply.status === 404) continue;
    const body = bodyOf(reply);
    if (body === undefined) return undefined;
    // 0 is "all members" and the word "NONE" "all alarms" (etcdserverpb.AlarmRequest).
    const all = { action: "GET", memberID: "0", alarm: "NONE" };
    const alarms = await request("POST", `${base}${gateway}/maintenance/alarm`, all, way);
    return statusOf(body, bodyOf(alarms));
  }
  return undefined;
}
