/** Members that are to leave at the end of an update: the wait before is the first to see that they will. */
import { refuseWhileRestoring, restoresOn } from "../membership/restores.ts";
import type { Machines } from "./machines.ts";
import type { Reach } from "./reach.ts";
import type { NodeReport } from "./report.ts";
import type { NodeSettings, ReadinessSettings } from "./settings.ts";
import { isKnown } from "./wait.ts";

/**
 * Nothing is asked where no member goes, nor where all are made anew together: then there is no data to go back to.
 * @param before what the report before said, by name.
 * @throws ProgramError where a restore was ended in the middle
 */
export async function refuseLeavers(
  settings: ReadinessSettings,
  before: ReadonlyMap<string, NodeReport>,
  sources: { readonly machines: Machines; readonly reach: Reach },
  look: typeof restoresOn = restoresOn,
): Promise<void> {
  const named = new Set(settings.nodes.map(({ name }) => name));
  const goes = [...before.values()].filter(({ name, memberId }) => memberId !== "" && !named.has(name));
  const stays = settings.nodes.filter((node) => node.role === "member" && isKnown(node, before));
  if (goes.length === 0 || stays.length === 0) return;
  const leavers = goes.map(({ name, machine = "" }): NodeSettings => ({
    ...{ name, machine, mac: "", role: "member" },
  }));
  const known = new Map(
    goes.flatMap(({ name, addresses: [host] }) => (host === undefined ? [] : [[name, host] as const])),
  );
  const looks = await look(settings, [...stays, ...leavers], sources, known);
  const names = goes.map(({ name }) => name);
  const what = `${names.join(", ")} can't leave the cluster`;
  refuseWhileRestoring(looks, what, names, settings);
}
