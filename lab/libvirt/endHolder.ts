/** Ending the lab, with everything that runs in it. */
import { closeSync, openSync } from "node:fs";
import type { LabContext } from "../shared/context.ts";
import type { Holder } from "./holder.ts";
import { argumentsOf, isAlive, namespaceOf, processesIn, signal, waitUntil } from "./processes.ts";

/** What still runs in the lab beside the lab's own daemons and guests: programs that somebody started with `exec`. */
export const guestsOfHost = (holder: Holder): number[] =>
  processesIn({ net: holder.namespaces.net, mnt: holder.namespaces.mnt }).filter(
    (pid) => namespaceOf(pid, "pid") !== holder.namespaces.pid,
  );

/**
 * Ends a lab: the holder, with it (by the kernel) all daemons and guests, then the programs that were started with `exec`.
 * The mounts, the bridge and the namespaces vanish with the last of them.
 */
export async function endHolder(context: LabContext, holder: Holder): Promise<void> {
  // While these are open, no other namespace gets the same number: what is found by it is the lab's and nobody else's.
  const pins = ["net", "mnt"].map((kind) => openSync(`/proc/${holder.pid}/ns/${kind}`, "r"));
  try {
    const others = guestsOfHost(holder).map((pid) => `${argumentsOf(pid)[0] ?? "?"} (process ${pid})`);
    if (others.length > 0) context.report(`ending what still runs in the lab: ${others.join(", ")}`);
    signal(holder.pid, "SIGKILL");
    if (!(await waitUntil(() => !isAlive(holder.pid), 20))) {
      throw new Error(
        `Process ${holder.pid}, which holds the lab's namespaces, does not end; is a disk of this machine stuck?`,
      );
    }
    await endGuestsOfHost(holder);
  } finally {
    pins.forEach(closeSync);
  }
}

/** Asks the programs to end, then ends them. */
async function endGuestsOfHost(holder: Holder): Promise<void> {
  const steps = [
    { name: "SIGTERM", seconds: 3 },
    { name: "SIGKILL", seconds: 10 },
  ] as const;
  for (const { name, seconds } of steps) {
    for (const pid of guestsOfHost(holder)) signal(pid, name);
    if (await waitUntil(() => guestsOfHost(holder).length === 0, seconds)) return;
  }
  throw new Error(`Processes ${guestsOfHost(holder).join(", ")} run in the lab and do not end.`);
}
