/** Who has registered at the discovery URL: every member of a new cluster writes its name and peer URLs there. */
import { field, list, request } from "./http.ts";

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
  return hostname === "" ? undefined : { name, host: hostname };
}

/** The registry behind a discovery URL, which is a key of etcd's v2 API. */
export const readRegistry =
  (url: string): Registry =>
  async () => {
    const reply = await request("GET", url);
    if ("problem" in reply) return { problem: `GET ${url}: ${reply.problem}` };
    const node = field(reply.body, "node");
    if (reply.status !== 200 || node === undefined) return { problem: `GET ${url}: status ${reply.status}` };
    const entries = list(field(node, "nodes")).map((entry) => field(entry, "value"));
    const members = entries.flatMap((value) =>
      typeof value === "string" ? (parseRegistration(value) ?? []) : [],
    );
    return { hosts: new Map(members.map(({ name, host }) => [name, host])) };
  };
