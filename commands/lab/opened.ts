/** Sessions for verbs that use a lab which is up, and don't start one. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureImage } from "../../lab/image/index.ts";
import { labStatus, labUp } from "../../lab/libvirt/index.ts";
import type { LabContext, LabPaths } from "../../lab/shared/context.ts";
import { ensureToolchain } from "../../lab/toolchain/index.ts";
import { UserError } from "../ui/errors.ts";
import { requireFolder } from "./folder.ts";
import { requireStackName } from "./known.ts";
import { labContext } from "./prepare.ts";
import { openProgramSession, type LabSession } from "./session.ts";

/** @throws UserError when the lab is not up, with what to type. */
export async function requireUp(paths: LabPaths): Promise<LabContext> {
  const context = labContext(paths);
  const state = existsSync(join(paths.lab)) ? (await labStatus(context)).state : "down";
  // One that is broken is mended by what comes next.
  if (state === "down") {
    throw new UserError(
      `the lab is down. Bring it up with: npm start (with a cluster), or npm run cluster -- lab up (the host alone)`,
    );
  }
  return context;
}

/**
 * A session on the lab that is up.
 * @throws UserError when it is not, with what to type, or when the stack can't have that name.
 */
export async function openLab(paths: LabPaths, stack: string): Promise<LabSession> {
  requireStackName(stack);
  const context = await requireUp(paths);
  requireFolder(paths);
  const [toolchain, image, host] = await Promise.all([
    ensureToolchain(context),
    ensureImage(context),
    labUp(context), // finds all in place; tells where it is
  ]);
  return await openProgramSession(context, stack, { toolchain, image, host });
}
