/** Which libvirt host a verb is about, and how it is reached: the lab, or a host of the user's own. */
import { existsSync } from "node:fs";
import { enterCommand, labStatus } from "../../lab/libvirt/index.ts";
import type { LabContext, LabPaths } from "../../lab/shared/context.ts";
import { accessBy, accessInside, type HostAccess, HostCommandError } from "../../host/access.ts";
import { parseConnection, UriError } from "../../host/remote.ts";
import { ShellWordError } from "../../host/shell.ts";
import { VirshError } from "../../host/virsh.ts";
import { UserError } from "../ui/errors.ts";
import { labContext } from "../lab/prepare.ts";
import { devStack } from "../lab/session.ts";

export interface Reached {
  readonly access: HostAccess;
  /** Set where the host is the lab. */
  readonly lab: LabContext | undefined;
  /** Why the host does not answer; only from `reachStack`. */
  readonly silent?: UserError;
}

/** Turns what libvirt, ssh and programs on a host say into messages for the user; other failures stay as they are. */
export async function forUser<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const known = [UriError, ShellWordError, VirshError, HostCommandError];
    if (error instanceof Error && known.some((kind) => error instanceof kind))
      throw new UserError(error.message, { cause: error });
    throw error;
  }
}

/** Whether this checkout's lab runs, be it broken. */
export async function labRuns(paths: LabPaths): Promise<boolean> {
  return existsSync(paths.lab) && (await labStatus(labContext(paths))).state !== "down";
}

/**
 * The host that was named, else the lab when it is up, else the host of `LIBVIRT_DEFAULT_URI`.
 * @throws UserError where there is none of them, or where the host doesn't answer.
 */
export async function reach(paths: LabPaths, connect: string | undefined): Promise<Reached> {
  if (connect !== undefined) return { access: await answering(connect), lab: undefined };
  if (await labRuns(paths)) {
    const context = labContext(paths);
    return { access: accessInside("the lab", "qemu:///system", enterCommand(context)), lab: context };
  }
  const given = process.env["LIBVIRT_DEFAULT_URI"];
  if (given !== undefined && given !== "") return { access: await answering(given), lab: undefined };
  throw new UserError(
    "the lab is down, and no libvirt host is named. Bring the lab up with: npm start. " +
      "A host of your own is named by --connect URI, such as --connect qemu:///system, or by LIBVIRT_DEFAULT_URI",
  );
}

/**
 * The same for a verb that is about a stack, which may be on several hosts: where the one of `LIBVIRT_DEFAULT_URI` does not answer, that is
 * told in `silent`, and thrown by `readStack` for a stack which has no other.
 * @throws UserError as `reach` does otherwise.
 */
export async function reachStack(paths: LabPaths, connect: string | undefined): Promise<Reached> {
  try {
    return await reach(paths, connect);
  } catch (error) {
    const given = process.env["LIBVIRT_DEFAULT_URI"] ?? "";
    const silent = error instanceof UserError && error.cause instanceof VirshError;
    if (!silent || connect !== undefined || given === "") throw error;
    return { access: accessBy(given), lab: undefined, silent: error };
  }
}

/** The stack that a verb is about: the one that was named, else the lab's dev stack, else with undefined the one that is selected. */
export const stackAsked = ({ lab }: Reached, named: string | undefined): string | undefined =>
  named ?? (lab === undefined ? undefined : devStack);

/** A host that has answered: whatever is wrong with the way to it is found here. */
async function answering(given: string): Promise<HostAccess> {
  return await forUser(async () => {
    if (given.includes("://")) parseConnection(given);
    const access = accessBy(given);
    try {
      // What is no URI may be an alias of libvirt's own configuration (uri_aliases): it says what that stands for.
      const uri = (await access.virsh("uri")).trim();
      return given.includes("://") ? access : accessBy(uri);
    } catch (error) {
      if (!(error instanceof VirshError)) throw error;
      throw new UserError(`the libvirt host ${given} does not answer: ${error.message}`, { cause: error });
    }
  });
}
