/**
 * Whether a machine with an empty disk can become a member by its cluster's discovery token. A token serves each member once: what is
 * left of a cluster whose destroy was ended in the middle can't be built on, and a member whose disk is gone can't come back by it.
 */
import type { DiscoveryPlan } from "../../plan/types.ts";
import { beside, typed } from "../../plan/typed.ts";
import { ask, field, list, parsed } from "../http.ts";
import { ProgramError } from "../program.ts";
import type { Way } from "../way.ts";
import { nameIn, type TokenState } from "./token.ts";
import { KEY_NOT_FOUND } from "./v2.ts";
import { parseRegistryUrl, rangeQuestion, rangeUrls, readRange } from "./v3.ts";

/** Milliseconds: the nodes ask for themselves. */
const TIME_LIMIT = 5000;

/** Who has registered; undefined where the registry does not know the token. */
export type Registered = Pick<TokenState, "members"> | undefined;

/**
 * Reads a token.
 * @param url as the discovery Command has given it.
 * @returns what the registry says; `silent` where it says nothing that can be understood.
 */
export async function readToken(
  mode: DiscoveryPlan["mode"],
  url: string,
  way: Way = {},
): Promise<{ readonly known: Registered } | "silent"> {
  const v3 = mode === "v3" ? parseRegistryUrl(url) : undefined;
  if (v3 !== undefined) {
    const [question = ""] = rangeUrls([v3.endpoint]);
    const answer = await ask(question, rangeQuestion(v3.token), TIME_LIMIT, way);
    const found = answer.reason === undefined ? readRange(answer.text, v3.token) : undefined;
    if (found === undefined) return "silent";
    const { size, registrations } = found;
    return { known: size === undefined ? undefined : { members: registrations.flatMap(nameIn) } };
  }
  const answer = await ask(url, {}, TIME_LIMIT, way);
  if (answer.reason !== undefined) return "silent";
  const told = parsed(answer.text);
  if (field(told, "errorCode") === KEY_NOT_FOUND) return { known: undefined };
  const folder = field(told, "node");
  if (field(folder, "dir") !== true) return "silent";
  return { known: { members: list(field(folder, "nodes")).flatMap((one) => nameIn(field(one, "value"))) } };
}

/**
 * Why a token does not serve the member `name` any more; undefined where it does. Pure.
 * @param size how many members the token is for.
 */
export function spent(known: Registered, name: string, size: number): string | undefined {
  if (known === undefined) return "the cluster's discovery token is not in its registry any more";
  const { members } = known;
  if (members.includes(name))
    return `${name} has used the cluster's discovery token before, and a token serves each member once`;
  if (members.length < size) return undefined;
  return `the cluster's discovery token is used up (${members.toSorted().join(", ")})`;
}

/** What is said then. @param prefix what stands before commands in messages. */
export const noRoom = (name: string, why: string, prefix: string | undefined): ProgramError =>
  new ProgramError(
    [
      `${name} would get an empty disk, and its etcd could not join the others: ${why}.`,
      "That is how a destroy leaves a cluster that was ended in the middle, and so it is when a disk was removed.",
      `Where the others run, \`${beside(prefix, "replace") ?? "npm run cluster -- replace"} ${name}\` makes it anew as one of them, and the data stay.`,
      "Where they don't, the cluster has to go.",
      `Bring it to its end with \`${typed("pulumi destroy", prefix)}\`; then \`${typed("pulumi up", prefix)}\` makes a new cluster.`,
    ].join("\n"),
  );
