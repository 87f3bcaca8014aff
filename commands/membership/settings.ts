/** What the membership program is told by its environment, and what its verbs tell each other. */
import { field, parsed } from "../http.ts";
import { ProgramError, required } from "../program.ts";
import { readSettings, type NodeSettings, type ReadinessSettings } from "../readiness/settings.ts";

/** `nodes` are the members that must be there before this one joins. */
export interface MembershipSettings extends ReadinessSettings {
  /** The member that joins or leaves. */
  readonly member: NodeSettings;
  /** Members that may be there, too: those that join after it. */
  readonly others: readonly NodeSettings[];
  /** `http://host:2380`, as the others are to reach it. */
  readonly peerUrl: string;
  /** Whether its like was a member before: then the others needn't all be healthy, a majority of them will do. */
  readonly replaces: boolean;
}

/** What a member that joins is told, and what is remembered of it: one line of JSON. */
export interface Joined {
  readonly memberId: string;
  readonly clusterId: string;
  /** All members and itself, `name=peerURL` with commas between. */
  readonly initialCluster: string;
  /** Where the others were then, by name. */
  readonly hosts: Readonly<Record<string, string>>;
}

/**
 * As readiness/settings.ts has it, where NODES are the members that must be there. MEMBER is the one that it is about and OTHERS more of
 * them, all `name=MAC` or `name=MAC=ADDRESS`; MACHINES has theirs, too. PEER_URL, and REPLACES=1 for one that takes the place of another.
 * @throws ProgramError naming the variable that is missing or wrong.
 */
export function membershipSettings(env: NodeJS.ProcessEnv): MembershipSettings {
  const own = required(env, "MEMBER");
  const nodes = env["NODES"] ?? "";
  const all = readSettings({ ...env, NODES: `${own} ${nodes} ${env["OTHERS"] ?? ""}`, CLIENTS: "" });
  const [member, ...rest] = all.nodes;
  if (member === undefined) throw new ProgramError(`MEMBER is "${own}"; it must be name=MAC.`);
  const count = nodes.split(" ").filter(Boolean).length;
  return {
    ...all,
    ...{ member, nodes: rest.slice(0, count), others: rest.slice(count) },
    peerUrl: env["PEER_URL"] ?? "",
    replaces: env["REPLACES"] === "1",
  };
}

/** What `join` has printed. @throws ProgramError where that is something else. */
export function joinedOf(text: string): Joined {
  const value = parsed(text);
  const word = (name: string): string => {
    const found = field(value, name);
    if (typeof found !== "string") throw new ProgramError(`JOINED has no ${name}: ${text.slice(0, 200)}`);
    return found;
  };
  const hosts = field(value, "hosts");
  return {
    memberId: word("memberId"),
    clusterId: word("clusterId"),
    initialCluster: word("initialCluster"),
    hosts: (typeof hosts === "object" && hosts !== null ? hosts : {}) as Readonly<Record<string, string>>,
  };
}
