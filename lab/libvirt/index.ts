/**
 * The private libvirt: a libvirtd with a bridge, a DHCP and DNS server and a discovery registry, in namespaces of its own.
 * It touches nothing of the host; see docs/adr/0004-private-libvirt.md.
 */
import { rm } from "node:fs/promises";
import type { LabContext } from "../shared/context.ts";
import { withLock } from "../shared/lock.ts";
import { bringUp } from "./bringUp.ts";
import { endHolder } from "./endHolder.ts";
import { enterArguments, findHolders, requireHolder, requireRoot } from "./holder.ts";
import type { LabHost } from "./host.ts";
import { layout, lockFile } from "./layout.ts";
import { namespaceOf } from "./processes.ts";

export { consoleCommand, consoleLog, nodeAddress, type LabDomain } from "./domains.ts";
export { LabDownError } from "./holder.ts";
export { temporaryFolder } from "./layout.ts";
export type { LabHost } from "./host.ts";
export type { DomainType } from "./kvm.ts";
export type { Lease } from "./leases.ts";
export { guestTestRequirements, libvirtRequirements } from "./requirements.ts";
export { labStatus, type LabStatus, type LabUpStatus } from "./status.ts";

/** Runs one change of the lab at a time, as root. */
async function changing<T>(context: LabContext, work: () => Promise<T>): Promise<T> {
  requireRoot();
  return await withLock(lockFile(context.paths), work, () => {
    context.report("waiting for another run that changes the lab");
  });
}

/** Starts this checkout's lab, or what is missing of it; quick when it runs already. */
export async function labUp(context: LabContext): Promise<LabHost> {
  return await changing(context, () => bringUp(context));
}

/**
 * Ends the lab with all its machines and removes what it kept, but for Pulumi's state and the caches. Programs that still
 * run in it are ended too, and reported.
 */
export async function labDown(context: LabContext): Promise<void> {
  await changing(context, async () => {
    for (const holder of findHolders(context.paths)) {
      if (namespaceOf("self", "net") === holder.namespaces.net) {
        throw new Error("This command runs inside the lab, which can't be ended from there: run it outside.");
      }
      await endHolder(context, holder);
    }
    await rm(layout(context.paths).root, { recursive: true, force: true });
  });
}

/**
 * The words before a command that run it inside the lab, in the folder where this process is.
 * @throws LabDownError when the lab doesn't run.
 */
export function enterCommand(context: LabContext): string[] {
  return enterArguments(requireHolder(context.paths), process.cwd());
}
