/** `status`: the nodes of a stack and their health, live. */
import type { LabPaths } from "../../lab/shared/context.ts";
import { clusterView, renderNodes } from "../lab/clusterView.ts";
import { openLab } from "../lab/opened.ts";
import { outputs } from "../lab/pulumi.ts";
import { ExitError } from "../ui/errors.ts";

/** @throws ExitError 1 when a member is not healthy */
export async function status(paths: LabPaths, stack: string): Promise<void> {
  const session = await openLab(paths, stack);
  const view = await clusterView(session, await outputs(session));
  if (view.nodes.length === 0) {
    process.stdout.write(`Stack ${stack} has no nodes.\n`);
    return;
  }
  process.stdout.write(`${renderNodes(view.nodes)}\n`);
  if (!view.healthy) throw new ExitError(1);
}
