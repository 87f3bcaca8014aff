/**
 * Pulumi's plugins are process groups of their own: when Pulumi is killed, they finish what they are at, and end some minutes later
 * (they look for their engine every now and then). Until then they could make things behind the back of the next run.
 */
import { dirname } from "node:path";
import { guestsOfHost } from "../../lab/libvirt/endHolder.ts";
import { requireHolder } from "../../lab/libvirt/holder.ts";
import { argumentsOf, isAlive, signal, statOf, waitUntil } from "../../lab/libvirt/processes.ts";
import type { LabSession } from "./session.ts";

export interface LabProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: readonly string[];
}

/** What Command resources run, as components/programs.ts calls it. */
const PROGRAM = /(^|\/)commands\/(certificates|discovery|host|membership|readiness)\.ts$/;

/**
 * Plugins and programs of Pulumi whose parent is gone. Pure.
 * @param all what runs in the lab beside the lab itself; the parent of what Pulumi started is one of them.
 * @param folder what Pulumi's plugins, and the programs that those run, lie below.
 */
export function orphansAmong(all: readonly LabProcess[], folder: string): LabProcess[] {
  const pids = new Set(all.map(({ pid }) => pid));
  const isPulumis = ({ command }: LabProcess): boolean =>
    command.some((word) => word.startsWith(`${folder}/`)) ||
    command.slice(0, 3).some((word) => PROGRAM.test(word));
  return all.filter((one) => isPulumis(one) && !pids.has(one.parent));
}

/** Ends what a killed Pulumi left running in the lab; with each, what it started becomes an orphan, too. */
export async function endOrphans(session: LabSession): Promise<void> {
  const holder = requireHolder(session.context.paths);
  // Beside Pulumi's home lie the programs that its plugins run in turn.
  const folder = dirname(session.env["PULUMI_HOME"] ?? "/nowhere/home");
  for (let found: LabProcess[] = []; ;) {
    const all = guestsOfHost(holder).map((pid) => ({
      ...{ pid, parent: statOf(pid)?.parent ?? 0, command: argumentsOf(pid) },
    }));
    found = orphansAmong(all, folder);
    if (found.length === 0) return;
    for (const { pid } of found) signal(pid, "SIGKILL");
    await waitUntil(() => !found.some(({ pid }) => isAlive(pid)), 5);
  }
}
