/**
 * Asks members for what snapshots are made of and compared with; run where members can be reached, inside the lab or here.
 * `state ENDPOINT...` and `keys REVISION ENDPOINT...` print a line of JSON, a list with an entry for each endpoint: what was asked
 * for, or `{"problem": "..."}`. `take ENDPOINT` writes a snapshot's bytes to standard output. LIBVIRT_URI, where it is set, names the
 * host through which those are asked that can't be reached from here.
 */
import { pipeline } from "node:stream/promises";
import { memberKeys, memberState, takeSnapshot } from "./snapshot/members.ts";
import { wayVia } from "./through.ts";

const [what, ...args] = process.argv.slice(2);
const way = wayVia(process.env["LIBVIRT_URI"] ?? "");

async function each(
  endpoints: readonly string[],
  look: (endpoint: string) => Promise<object>,
): Promise<void> {
  const found = await Promise.all(
    endpoints.map((endpoint) =>
      look(endpoint).catch((error: unknown) => ({
        problem: error instanceof Error ? error.message : String(error),
      })),
    ),
  );
  process.stdout.write(`${JSON.stringify(found)}\n`);
}

try {
  if (what === "state") await each(args, (endpoint) => memberState(endpoint, way));
  else if (what === "keys")
    await each(args.slice(1), (endpoint) => memberKeys(endpoint, Number(args[0]), way));
  else if (what === "take") await pipeline(takeSnapshot(args[0] ?? "", way), process.stdout, { end: false });
  else throw new Error("usage: state ENDPOINT... | keys REVISION ENDPOINT... | take ENDPOINT");
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
