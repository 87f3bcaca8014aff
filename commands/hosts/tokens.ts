/** The discovery tokens that a registry keeps, of both protocols. */
import { type HostAccess, HostCommandError, runOn } from "../../host/access.ts";
import { ask, field, list, parsed } from "../http.ts";
import { UserError } from "../ui/errors.ts";

/** Where members of both protocols look; the v2 one is what the lab and `discovery.mode: etcd` use. */
const V2 = "/v2/keys/discovery";
const V3_PREFIX = "/_etcd/registry/";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** What lies right below the registry's folder, in the answer of v2. Pure. */
export const v2Tokens = (answer: string): string[] =>
  list(field(field(parsed(answer), "node"), "nodes")).flatMap((node) => {
    const key = field(node, "key");
    return typeof key === "string" ? (key.split("/").at(-1) ?? []) : [];
  });

/** The tokens in the names of the keys that v3 lists. Pure. */
export const v3Tokens = (answer: string): string[] => {
  const keys = list(field(parsed(answer), "kvs")).flatMap((entry) => {
    const key = field(entry, "key");
    return typeof key === "string" ? Buffer.from(key, "base64").toString() : [];
  });
  return [...new Set(keys.map((key) => key.slice(V3_PREFIX.length).split("/")[0] ?? ""))];
};

/** v3's question for all keys below the prefix: from it to the next text that doesn't begin with it. */
export const v3Question = {
  key: base64(V3_PREFIX),
  range_end: base64(V3_PREFIX.replace(/\/$/, "0")),
  keys_only: true,
};

/** One request to the registry: `answer` is undefined where it has no such API. */
type Requester = (path: string, body: object | undefined) => Promise<string | undefined>;

/** Asks from this machine. */
const fromHere =
  (registry: string): Requester =>
  async (path, body) => {
    const question = body === undefined ? {} : { method: "POST", body };
    const answer = await ask(`${registry}${path}`, question, 10_000);
    if (answer.status === undefined)
      throw new UserError(`the registry ${registry} does not answer: ${answer.reason}`);
    return answer.status === 200 ? answer.text : undefined;
  };

/** Asks from where the lab's registry can be reached. */
const fromInside =
  (access: HostAccess, registry: string): Requester =>
  async (path, body) => {
    const data = body === undefined ? [] : ["--data", JSON.stringify(body)];
    const curl = [
      "curl",
      "--silent",
      "--show-error",
      "--fail",
      "--noproxy",
      "*",
      "--max-time",
      "10",
      ...data,
    ];
    try {
      return await runOn(access, [...curl, `${registry}${path}`]);
    } catch (error) {
      // 22: the server said no
      if (error instanceof HostCommandError && error.exitCode === 22) return undefined;
      if (error instanceof HostCommandError)
        throw new UserError(`the registry ${registry} does not answer: ${error.message}`);
      throw error;
    }
  };

/**
 * @param inside the lab, where the registry is to be asked from there
 * @throws UserError when the registry doesn't answer
 */
export async function tokensOf(registry: string, inside: HostAccess | undefined): Promise<string[]> {
  const base = registry.replace(/\/+$/, "");
  const request = inside === undefined ? fromHere(base) : fromInside(inside, base);
  const v2 = await request(V2, undefined);
  const v3 = await request("/v3/kv/range", v3Question);
  return [...(v2 === undefined ? [] : v2Tokens(v2)), ...(v3 === undefined ? [] : v3Tokens(v3))].toSorted();
}
