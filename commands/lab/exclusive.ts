/** What changes a checkout's lab as a whole runs one at a time. */
import { join } from "node:path";
import type { LabPaths } from "../../lab/shared/context.ts";
import { withLock } from "../../lab/shared/lock.ts";
import { requireFolder } from "./folder.ts";

/** Runs `work` when no other start, stop or `lab down` of this checkout is at work; says so while it waits. */
export const exclusively = async <T>(paths: LabPaths, work: () => Promise<T>): Promise<T> => {
  requireFolder(paths);
  return await withLock(join(paths.lab, "start-stop.lock"), work, () => {
    process.stderr.write("  waiting for another npm start or npm stop of this checkout\n");
  });
};
