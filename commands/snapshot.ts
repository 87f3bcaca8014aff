/**
 * Asks members for what snapshots are made of and compared with; run where members can be reached, inside the lab or here.
 * `state ENDPOINT...` and `keys REVISION ENDPOINT...` print a line of JSON, a list with an entry for each endpoint: what was asked
 * for, or `{"problem": "..."}`. `take ENDPOINT` writes a snapshot's bytes to standard output. LIBVIRT_URI, where it is set, names the
 * host through which those are asked that can't be reached from here. Where there are https endpoints, `https://address:port#node`,
 * standard input is one line of JSON, the Credentials that members want to see.
 */
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { Credentials } from "./http.ts";
import { memberKeys, memberState, takeSnapshot } from "./snapshot/members.ts";
import { wayVia } from "./through.ts";
import type { Way } from "./way.ts";
import { messageOf } from "./ui/errors.ts";

const [what, ...args] = process.argv.slice(2);
const via = wayVia(process.env["LIBVIRT_URI"] ?? "");

/** Where a member is, and the way there. */
type Reached = readonly [url: string, way: Way];

async function reached(endpoints: readonly string[]): Promise<Reached[]> {
  const secure = endpoints.some((endpoint) => endpoint.startsWith("https:"));
  const tls = secure ? (JSON.parse(await text(process.stdin)) as Credentials) : undefined;
  return endpoints.map((endpoint) => {
    const [url = "", name] = endpoint.split("#");
    if (tls === undefined) return [url, via] as const;
    return [url, { ...via, tls, serverName: name ?? new URL(url).hostname }] as const;
  });
}

async function each(endpoints: readonly string[], look: (...at: Reached) => Promise<object>): Promise<void> {
  const found = await Promise.all(
    (await reached(endpoints)).map((at) =>
      look(...at).catch((error: unknown) => ({
        problem: messageOf(error),
      })),
    ),
  );
  process.stdout.write(`${JSON.stringify(found)}\n`);
}

async function take(endpoint: string): Promise<void> {
  for (const at of await reached([endpoint]))
    await pipeline(takeSnapshot(...at), process.stdout, { end: false });
}

try {
  if (what === "state") await each(args, memberState);
  else if (what === "keys") await each(args.slice(1), (url, way) => memberKeys(url, Number(args[0]), way));
  else if (what === "take") await take(args[0] ?? "");
  else throw new Error("usage: state ENDPOINT... | keys REVISION ENDPOINT... | take ENDPOINT");
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
