/**
 * etcd's v3 discovery (etcd 3.6 and newer: `--discovery-token`, `--discovery-endpoints`): the registry is an etcd cluster
 * with the v3 API. Keys as in etcd's server/etcdserver/api/v3discovery: the size under
 * `/_etcd/registry/<token>/_config/size`, each member as `<name>=<peer URL>,...` under `/_etcd/registry/<token>/members/<id>`.
 * Members speak gRPC to it; this asks through the JSON gateway on the same port, which is `/v3` from etcd 3.4 on.
 */
import { redactUrl } from "../../plan/urls.ts";
import { typed } from "../../plan/typed.ts";
import { field, list, parsed } from "../http.ts";
import { say } from "../program.ts";
import { askUntil, askWithPatience, DiscoveryError, glance, type Patience, succeeded } from "./registry.ts";
import { checkToken, nameIn, type TokenState } from "./token.ts";

const ROOT = "/_etcd/registry/";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const plain = (value: unknown): string =>
  typeof value === "string" ? Buffer.from(value, "base64").toString() : "";

/** A token's address in messages and outputs: the key prefix behind the registry's first server. */
export const registryUrl = (endpoint: string, token: string): string => `${endpoint}${ROOT}${token}`;

/** The reverse of {@link registryUrl}. */
export function parseRegistryUrl(url: string): { endpoint: string; token: string } | undefined {
  const found = /^(.*)\/_etcd\/registry\/([^/]+)$/.exec(url);
  const [, endpoint, token] = found ?? [];
  return endpoint === undefined || token === undefined ? undefined : { endpoint, token };
}

/** All keys of a token, for range and deleterange: from `<prefix>/` to what comes after it, `0` following on `/`. */
const keysOf = (token: string): { key: string; range_end: string } => ({
  key: base64(`${ROOT}${token}/`),
  range_end: base64(`${ROOT}${token}0`),
});

const call = (endpoints: readonly string[], method: string): string[] =>
  endpoints.map((endpoint) => `${endpoint}/v3/kv/${method}`);

const noV3 = (endpoints: readonly string[], method: string, text: string): DiscoveryError =>
  new DiscoveryError(
    `The discovery registry answered like no etcd with the v3 API.\n  POST ${redactUrl(call(endpoints, method).join(", "))}: ` +
      `"${text.trim().slice(0, 200)}"\nAny etcd of version 3.4 or newer serves it, at its client URL.`,
  );

/** Writes a new token's size. The token is ours. */
export async function createV3Token(
  endpoints: readonly string[],
  token: string,
  size: number,
  patience: Patience,
): Promise<void> {
  const body = { key: base64(`${ROOT}${token}/_config/size`), value: base64(String(size)) };
  const text = await askUntil(call(endpoints, "put"), { method: "POST", body }, patience);
  if (field(field(parsed(text), "header"), "revision") === undefined) throw noV3(endpoints, "put", text);
}

/** The registrations of a token's members, each as `<name>=<peer URL>,...`, and its size; undefined for no answer of etcd's. */
export function readRange(
  text: string,
  token: string,
): { readonly size: string | undefined; readonly registrations: readonly string[] } | undefined {
  const answer = parsed(text);
  if (field(field(answer, "header"), "revision") === undefined) return undefined;
  const entries = list(field(answer, "kvs")).map((kv) => ({
    key: plain(field(kv, "key")),
    value: plain(field(kv, "value")),
  }));
  return {
    size: entries.find(({ key }) => key === `${ROOT}${token}/_config/size`)?.value,
    registrations: entries
      .filter(({ key }) => key.startsWith(`${ROOT}${token}/members/`))
      .map(({ value }) => value),
  };
}

/** The question whose answer {@link readRange} reads. */
export const rangeQuestion = (token: string) => ({ method: "POST", body: keysOf(token) });
export const rangeUrls = (endpoints: readonly string[]): string[] => call(endpoints, "range");
/** The request that removes all of a token. */
export const deleteQuestion = rangeQuestion;
export const deleteUrls = (endpoints: readonly string[]): string[] => call(endpoints, "deleterange");

/**
 * Checks a token that somebody else made, as {@link import("./v2.ts").checkV2Token} does.
 * @throws DiscoveryError for a token of another size, a used one, one that the registry doesn't know, and for no registry.
 */
export async function checkV3Token(
  endpoints: readonly string[],
  token: string,
  size: number,
  patience: Patience,
  prefix: string | undefined,
): Promise<void> {
  if (!/^[^\s/]+$/.test(token) || token === "." || token === "..")
    throw new DiscoveryError(
      `The discovery token "${token}" can't be one: it must be a word without blanks and slashes.`,
    );
  const { answer, lines } = await askWithPatience(
    rangeUrls(endpoints),
    rangeQuestion(token),
    glance(patience),
  );
  if (answer.reason !== undefined) {
    say(`The discovery token could not be checked from here, the nodes will see: ${lines.join("; ")}`);
    return;
  }
  const found = succeeded(answer) ? readRange(answer.text, token) : undefined;
  if (found === undefined) throw noV3(endpoints, "range", lines.join("\n  ") || answer.text);
  const state: TokenState = { size: found.size, members: found.registrations.flatMap(nameIn) };
  const ours = `let the program make one (${typed("pulumi config rm --path discovery.token", prefix)})`;
  const another = `Take another token (${typed("pulumi config set --path discovery.token TOKEN", prefix)}), or ${ours}.`;
  checkToken(`the discovery token ${token}`, state, size, {
    unknown:
      `Its size is set with: ETCDCTL_API=3 etcdctl --endpoints ${redactUrl(endpoints[0] ?? "")} put ` +
      `${ROOT}${token}/_config/size ${size}\nOr ${ours}.`,
    size: another,
    used: another,
  });
}
