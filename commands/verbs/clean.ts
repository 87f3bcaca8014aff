/** `clean`: this checkout's share of the caches, and its lab folder. */
import { rm } from "node:fs/promises";
import { labStatus } from "../../lab/libvirt/index.ts";
import { dropUnusedCache, dropUses } from "../../lab/shared/cache.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { labContext } from "../lab/prepare.ts";
import { UserError } from "../ui/errors.ts";

/**
 * Removes the cache entries that no other checkout uses, and the lab's folder.
 * @throws UserError while the lab is up
 */
export async function clean(paths: LabPaths): Promise<void> {
  if ((await labStatus(labContext(paths))).state !== "down") {
    throw new UserError("the lab host is not down; remove it first with: npm stop");
  }
  const removed = await dropUses(paths);
  await rm(paths.lab, { recursive: true, force: true });
  await dropUnusedCache(paths);
  const kept =
    removed.length === 0 ? "no cache entry was this checkout's alone" : `removed ${removed.join(", ")}`;
  process.stdout.write(`Lab folder removed; ${kept}.\n`);
}
