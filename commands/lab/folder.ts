/** The folder that a lab is kept in: it can be written to, and has room for what comes there first. */
import { accessSync, constants, mkdirSync, statfsSync } from "node:fs";
import type { LabPaths } from "../../lab/shared/context.ts";
import { size } from "../hosts/words.ts";
import { UserError } from "../ui/errors.ts";

/** Bytes: the registry's etcd alone sets aside 64 MiB for each of its two log files. Disks of machines are the doctor's matter. */
const ROOM = 256 * 2 ** 20;

const ELSEWHERE = "CLUSTER_LAB_DIR=/some/other/folder, set for each command, puts it elsewhere";

/** @throws UserError where it can't be made or written to */
export function requireFolder({ lab }: Pick<LabPaths, "lab">): void {
  try {
    mkdirSync(lab, { recursive: true });
    accessSync(lab, constants.W_OK);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    // Node says of a read-only file system in which it makes folders that there is none above them.
    const why = ["EROFS", "ENOENT"].includes(code) ? "it is on a read-only file system" : code;
    throw new UserError(`the lab's folder ${lab} can't be written to: ${why}. ${ELSEWHERE}`, {
      cause: error,
    });
  }
}

/**
 * Before a lab is made; makes its folder, since room is told of folders that are there.
 * @throws UserError where there is no room for it
 */
export function requireRoom({ lab }: Pick<LabPaths, "lab">, wanted: number = ROOM): void {
  requireFolder({ lab });
  const { bavail, bsize } = statfsSync(lab);
  const free = bavail * bsize;
  if (free < wanted)
    throw new UserError(
      `${size(free)} are free on the disk of the lab's folder ${lab}, and a lab takes ${size(wanted)} before its first machine. ` +
        `Make room there, or ${ELSEWHERE}`,
    );
}
