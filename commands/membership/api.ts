/** etcd's members API (v3 and its JSON gateways): who is a member, and how one comes and goes. */
import { GATEWAYS, hexId } from "../readiness/etcd.ts";
import { field, list, request, type Reply } from "../readiness/http.ts";
import { DIRECT, type Place, type WayTo } from "../way.ts";

export interface ListedMember {
  /** Hexadecimal. */
  readonly id: string;
  /** Empty until the member has started for the first time. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  /** Whether it gets all data and has no vote yet. */
  readonly learner: boolean;
}

/** What one member says of its cluster. */
export interface View {
  /** Hexadecimal; a cluster made anew has another one. */
  readonly clusterId: string;
  /** Of the member that was asked. */
  readonly memberId: string;
  /** The member's id whom it follows; undefined where it knows no leader: then a majority is missing. */
  readonly leader: string | undefined;
  /** `3.4.30`. */
  readonly version: string;
  readonly members: readonly ListedMember[];
}

/** What came of a change: undefined where it was made, else why not. */
export type Refusal = string | undefined;

export interface MembersApi {
  /** Undefined where nobody answers, or nobody with a members API. */
  view(at: Place): Promise<View | undefined>;
  /** Whether what answers there is vouched for by another authority than this cluster's: it is no member of it. */
  isStranger(at: Place): Promise<boolean>;
  /** @param learner whether it begins without a vote, for which etcd 3.4 is needed. */
  add(at: Place, peerUrl: string, learner: boolean): Promise<Refusal>;
  /** Gives a learner its vote; refused until it has nearly all data. */
  promote(at: Place, id: string): Promise<Refusal>;
  remove(at: Place, id: string): Promise<Refusal>;
  /** Has the leader, which must be the one that is asked, hand over to another. */
  handOver(at: Place, id: string): Promise<Refusal>;
}

/** What is said of a server's certificate that this authority has not issued; not of one whose time is over. */
const STRANGER =
  /self[- ]signed certificate|unable to (?:verify the first certificate|get (?:local )?issuer certificate)|certificate signature failure/i;

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const texts = (value: unknown): string[] => list(value).map(textOf).filter(Boolean);
const decimal = (id: string): string => BigInt(`0x${id}`).toString();

const bodyOf = (reply: Reply | undefined): unknown =>
  reply === undefined || "problem" in reply || reply.status !== 200 ? undefined : reply.body;

/** Reads the answers to `maintenance/status` and `cluster/member/list`. Pure. */
export function viewOf(status: unknown, listed: unknown): View | undefined {
  const header = field(listed, "header");
  const [clusterId, memberId] = [hexId(field(header, "cluster_id")), hexId(field(header, "member_id"))];
  if (clusterId === undefined || memberId === undefined || status === undefined) return undefined;
  return {
    ...{ clusterId, memberId },
    leader: hexId(field(status, "leader")),
    version: textOf(field(status, "version")),
    members: list(field(listed, "members")).map((member) => ({
      id: hexId(field(member, "ID")) ?? "",
      name: textOf(field(member, "name")),
      peerUrls: texts(field(member, "peerURLs")),
      clientUrls: texts(field(member, "clientURLs")),
      learner: field(member, "isLearner") === true,
    })),
  };
}

/** Whether a version of etcd has members without a vote. Pure. */
export function hasLearners(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 3 || (major === 3 && minor >= 4);
}

/** Why a change was not made, in etcd's own words. Pure. */
export function refusalOf(reply: Reply | undefined): Refusal {
  if (reply === undefined) return "it has no members API (etcd 3.1 and newer have one)";
  if ("problem" in reply) return reply.problem;
  if (reply.status === 200) return undefined;
  const said = textOf(field(reply.body, "message")) || textOf(field(reply.body, "error"));
  return said === "" ? `status ${reply.status}` : said.replace(/^etcdserver: /, "");
}

/**
 * @param port the members' client port.
 * @param wayTo how the member at a host is reached; over https where that has `tls`.
 */
export function membersApi(port: number, wayTo: WayTo = DIRECT): MembersApi {
  async function call(at: Place, method: string, body: object): Promise<Reply | undefined> {
    const way = wayTo(at);
    const base = `${way.tls === undefined ? "http" : "https"}://${at.host}:${port}`;
    for (const gateway of GATEWAYS) {
      const reply = await request("POST", `${base}${gateway}/${method}`, body, way);
      if ("problem" in reply || reply.status !== 404) return reply;
      // A member that is not known is "not found", too; then the gateway has said so in JSON.
      if (field(reply.body, "code") !== undefined) return reply;
    }
    return undefined;
  }
  const change = async (at: Place, method: string, body: object): Promise<Refusal> =>
    refusalOf(await call(at, method, body));
  return {
    view: async (at) => {
      const listed = bodyOf(await call(at, "cluster/member/list", {}));
      if (listed === undefined) return undefined;
      return viewOf(bodyOf(await call(at, "maintenance/status", {})), listed);
    },
    isStranger: async (at) => {
      const reply = await call(at, "cluster/member/list", {});
      return reply !== undefined && "problem" in reply && STRANGER.test(reply.problem);
    },
    add: (at, peerUrl, learner) =>
      change(at, "cluster/member/add", {
        peerURLs: [peerUrl],
        ...(learner ? { isLearner: true } : {}),
      }),
    promote: (at, id) => change(at, "cluster/member/promote", { ID: decimal(id) }),
    remove: (at, id) => change(at, "cluster/member/remove", { ID: decimal(id) }),
    handOver: (at, id) => change(at, "maintenance/transfer-leadership", { targetID: decimal(id) }),
  };
}
