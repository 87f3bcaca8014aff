/** `console NODE`: a node's serial console. */
import { accessInside, type HostAccess } from "../../host/access.ts";
import { readNodes } from "../../host/clusters.ts";
import { virshsUri } from "../../host/sharedSsh.ts";
import { isLocal } from "../../host/virsh.ts";
import { consoleCommand, consoleLog } from "../../lab/libvirt/index.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { defaultLog, readLog } from "../hosts/consoleLogs.ts";
import { unknownNode } from "../hosts/nodes.ts";
import { forUser, labRuns, reach } from "../hosts/reach.ts";
import { offNow } from "../hosts/spread.ts";
import { linesIn, plainLine } from "../hosts/terminal.ts";
import { openLab, requireUp } from "../lab/opened.ts";
import { labContext } from "../lab/prepare.ts";
import { onTerminal, runOnTerminal } from "./exec.ts";
import { devStack } from "../lab/session.ts";
import { UserError } from "../ui/errors.ts";

export interface ConsoleOptions {
  readonly log?: boolean;
  readonly connect?: string;
}

/** @throws UserError where nobody could type */
function requireTerminal(name: string): void {
  if (!process.stdin.isTTY)
    throw new UserError(
      `a console wants a terminal to be attached to. What it has shown: npm run cluster -- console --log ${name}`,
    );
}

/** As `logs` shows it: a machine's own words move no cursor. */
function show(text: string): void {
  for (const line of linesIn(text)) process.stdout.write(`${plainLine(line)}\n`);
}

/** The console of a node on a host of the user's own. */
async function ownConsole(access: HostAccess, name: string, log: boolean): Promise<void> {
  if (log) {
    show(await readLog(access, { name, file: defaultLog(name) }));
    return;
  }
  requireTerminal(name);
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
    show(await consoleLog(labContext(paths), name));
    return;
  }
  const session = await openLab(paths, devStack);
  const { virsh } = accessInside("the lab", "qemu:///system", session.enter);
  const marked = await forUser(() => readNodes(virsh));
  const found = marked.find(({ node }) => node.name === name)?.node;
  if (found === undefined) throw unknownNode(name, marked, "the lab");
  const off = offNow([name], new Map([[name, found.state]]));
  if (off !== undefined) throw new UserError(off);
  requireTerminal(name);
  await onTerminal(session, consoleCommand(name));
}
