/** Who has registered: every member of a new cluster writes its name and peer URLs into the registry. */
import { isHost } from "../../plan/addresses.ts";
import { redactUrl } from "../../plan/urls.ts";
import { parseRegistryUrl, rangeQuestion, rangeUrls, readRange } from "../discovery/v3.ts";
import { ask } from "../http.ts";
import type { Way } from "../way.ts";
import { field, list, request } from "./http.ts";
import type { ReadinessSettings } from "./settings.ts";

export type Registrations =
  /** Host part of the first peer URL, by member name. */
  { readonly hosts: ReadonlyMap<string, string> } | { readonly problem: string };

export type Registry = () => Promise<Registrations>;

/** A registration is `name=URL`, several with commas between: `n1=http://10.0.0.1:2380,n1=http://10.0.0.1:7001`. */
export function parseRegistration(value: string): { name: string; host: string } | undefined {
  const found = /^([^=]+)=([^,]+)/.exec(value);
  const [name, url] = [found?.[1], found?.[2]];
  if (name === undefined || url === undefined || !URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  // It ends in commands for people to type: `$(...)` is a host name to a URL.
  return isHost(hostname.replace(/^\[|\]$/g, "")) ? { name, host: hostname } : undefined;
}

const hostsOf = (registrations: readonly unknown[]): Registrations => ({
  hosts: new Map(
    registrations
      .flatMap((value) => (typeof value === "string" ? (parseRegistration(value) ?? []) : []))
      .map(({ name, host }) => [name, host]),
  ),
});

/** A registry whose discovery URL is a key of etcd's v2 API. */
const readV2 =
  (url: string, way: Way): Registry =>
  async () => {
    const reply = await request("GET", url, undefined, way);
    if ("problem" in reply) return { problem: `GET ${redactUrl(url)}: ${reply.problem}` };
    const node = field(reply.body, "node");
    if (reply.status !== 200 || node === undefined)
      return { problem: `GET ${redactUrl(url)}: status ${reply.status}` };
    return hostsOf(list(field(node, "nodes")).map((entry) => field(entry, "value")));
  };

/** Milliseconds for one server of a v3 registry. */
const TIME_LIMIT = 5000;

/** A registry of v3 discovery: the first server that answers. */
const readV3 =
  (endpoints: readonly string[], token: string, way: Way): Registry =>
  async () => {
    const problems: string[] = [];
    for (const url of rangeUrls(endpoints)) {
      const answer = await ask(url, rangeQuestion(token), TIME_LIMIT, way);
      const found = answer.reason === undefined ? readRange(answer.text, token) : undefined;
      if (found !== undefined) return hostsOf(found.registrations);
      problems.push(`POST ${redactUrl(url)}: ${answer.reason ?? `status ${answer.status}`}`);
    }
    return { problem: problems.join("; ") };
  };

/**
 * The registry of a cluster's members; one without any registrations where they need none.
 * @param way how it is reached: it may stand where only the machines can.
 */
export function readRegistry(
  { mode, discoveryUrl, endpoints }: Pick<ReadinessSettings, "mode" | "discoveryUrl" | "endpoints">,
  way: Way = {},
): Registry {
  if (mode === "static" || discoveryUrl === "") return () => Promise.resolve({ hosts: new Map() });
  const v3 = mode === "v3" ? parseRegistryUrl(discoveryUrl) : undefined;
  return v3 === undefined
    ? readV2(discoveryUrl, way)
    : readV3([...new Set([v3.endpoint, ...endpoints])], v3.token, way);
}
