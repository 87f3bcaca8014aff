/** `console NODE`: a node's serial console. */
import type { HostAccess } from "../../host/access.ts";
import { virshsUri } from "../../host/sharedSsh.ts";
import { isLocal } from "../../host/virsh.ts";
import { consoleCommand, consoleLog } from "../../lab/libvirt/index.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { defaultLog, readLog } from "../hosts/consoleLogs.ts";
import { forUser, labRuns, reach } from "../hosts/reach.ts";
import { openLab, requireUp } from "../lab/opened.ts";
import { labContext } from "../lab/prepare.ts";
import { onTerminal, runOnTerminal } from "./exec.ts";
import { devStack } from "../lab/session.ts";

export interface ConsoleOptions {
  readonly log?: boolean;
  readonly connect?: string;
}

/** The console of a node on a host of the user's own. */
async function ownConsole(access: HostAccess, name: string, log: boolean): Promise<void> {
  if (log) {
    process.stdout.write(await readLog(access, { name, file: defaultLog(name) }));
    return;
  }
  const { uri } = access;
  const given = isLocal(uri) ? uri : virshsUri(uri);
  await runOnTerminal(["virsh", "--quiet", "--connect", given, "console", "--force", name], {});
}

/** Attaches to the console, or prints what it has shown since the node was started. */
export async function console(
  paths: LabPaths,
  name: string,
  { log = false, connect }: ConsoleOptions,
): Promise<void> {
  if (connect !== undefined || !(await labRuns(paths))) {
    const { access, lab } = await reach(paths, connect);
    if (lab === undefined) {
      await forUser(() => ownConsole(access, name, log));
      return;
    }
  }
  if (log) {
    await requireUp(paths);
    process.stdout.write(await consoleLog(labContext(paths), name));
    return;
  }
  const session = await openLab(paths, devStack);
  await onTerminal(session, consoleCommand(name));
}
