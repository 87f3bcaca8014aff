/** `console NODE`: a node's serial console. */
import { consoleCommand, consoleLog } from "../../lab/libvirt/index.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { openLab, requireUp } from "../lab/opened.ts";
import { labContext } from "../lab/prepare.ts";
import { onTerminal } from "./exec.ts";
import { devStack } from "../lab/session.ts";

/** Attaches to the console, or prints what it has shown since the node was started. */
export async function console(paths: LabPaths, name: string, log: boolean): Promise<void> {
  if (log) {
    await requireUp(paths);
    process.stdout.write(await consoleLog(labContext(paths), name));
    return;
  }
  const session = await openLab(paths, devStack);
  await onTerminal(session, consoleCommand(name));
}
