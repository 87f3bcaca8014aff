/** What changes a checkout's lab as a whole runs one at a time. */
import { join } from "node:path";
import type { LabPaths } from "../../lab/shared/context.ts";
import { withLock } from "../../lab/shared/lock.ts";
import { onlyWaits } from "../ui/interrupt.ts";
import { requireFolder } from "./folder.ts";

/**
 * Runs `work` when no other start, stop or `lab down` of this checkout is at work; says so while it waits. An interrupt until then ends the
 * command: what it was told to do is not done later.
 */
export async function exclusively<T>(paths: LabPaths, work: () => Promise<T>): Promise<T> {
  requireFolder(paths);
  const begun = async (): Promise<T> => {
    onlyWaits(false);
    return await work();
  };
  onlyWaits(true);
  try {
    return await withLock(join(paths.lab, "start-stop.lock"), begun, () => {
      process.stderr.write("  waiting for another npm start or npm stop of this checkout\n");
    });
  } finally {
    onlyWaits(false);
  }
}
