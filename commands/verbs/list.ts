/** `list`: all clusters on a libvirt host, of whatever stack. */
import { readClusters } from "../../host/clusters.ts";
import { visibleJson } from "../../host/visible.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { clustersJson, renderClusters } from "../hosts/clusterTable.ts";
import { forUser, reach, type Reached } from "../hosts/reach.ts";
import { PROJECT, readStack } from "../hosts/stackState.ts";
import { UserError } from "../ui/errors.ts";

export interface ListOptions {
  readonly connect?: string;
  readonly json?: boolean;
}

/** @throws UserError when the host doesn't answer */
export async function list(paths: LabPaths, options: ListOptions): Promise<void> {
  const reached = await reach(paths, options.connect);
  const found = await forUser(() => readClusters(reached.access.virsh));
  const stacks = found.clusters.flatMap(({ mark }) => (mark.project === PROJECT ? [mark.stack] : []));
  const mine = await ownersOf(paths, reached, [...new Set(stacks)]);
  process.stdout.write(
    options.json === true
      ? `${visibleJson(clustersJson(reached.access.uri, found, mine))}\n`
      : renderClusters(reached.access.title, found, mine, new Date()),
  );
}

/** The owner ids of this checkout's stacks; a stack that it does not have, or can't read, is somebody else's. */
async function ownersOf(paths: LabPaths, reached: Reached, stacks: readonly string[]): Promise<Set<string>> {
  const mine = new Set<string>();
  for (const stack of stacks) {
    try {
      for (const owner of (await readStack(paths, reached, stack)).owners) mine.add(owner);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  return mine;
}
