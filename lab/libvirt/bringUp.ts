/** Bringing the lab up: whatever is missing of it or broken is made anew, the rest is left alone. */
import { existsSync } from "node:fs";
import type { LabContext } from "../shared/context.ts";
import { ensureDaemon } from "./daemonControl.ts";
import { daemons, type DaemonName } from "./daemons.ts";
import { endHolder } from "./endHolder.ts";
import { findHolders, holderFault, startHolder, type Holder } from "./holder.ts";
import { labHost, type LabHost } from "./host.ts";
import { kvmFinding } from "./kvm.ts";
import { clearRegistry, prepare } from "./prepare.ts";
import { lookUpGroup } from "./users.ts";

/** The holder to build on; one of no use is ended first. */
async function soundHolder(context: LabContext): Promise<Holder | undefined> {
  const holders = findHolders(context.paths);
  const [holder] = holders;
  if (holder === undefined) return undefined;
  const fault = holders.length > 1 ? "it runs more than once" : holderFault(holder, context.paths);
  if (fault === undefined) return holder;
  context.report(`the lab is broken (${fault}); making it anew`);
  for (const one of holders) await endHolder(context, one);
  return undefined;
}

/** Sees to the daemons; those that don't need each other start side by side. */
async function ensureDaemons(context: LabContext, holder: Holder): Promise<void> {
  const ensure = async (name: DaemonName): Promise<void> => {
    const daemon = daemons().find((one) => one.name === name);
    if (daemon !== undefined) await ensureDaemon(context, holder, daemon);
  };
  const registry = async (): Promise<void> => {
    try {
      await ensure("registry");
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      context.report(`the registry does not start with the data it has (${reason}); emptying it`);
      await clearRegistry(context);
      await ensure("registry");
    }
  };
  const libvirt = async (): Promise<void> => {
    await ensure("virtlogd");
    await ensure("libvirtd");
  };
  // All end before the first failure is told, so that nothing goes on behind it.
  const work = [ensure("dnsmasq"), registry(), libvirt()];
  await Promise.allSettled(work);
  await Promise.all(work);
}

/** libvirt gives each guest a tap device, and says so too late if it can't: when the first guest starts. */
function requireTun(): void {
  if (existsSync("/dev/net/tun")) return;
  throw new Error(
    "This machine has no /dev/net/tun, which the guests' network cards need. On a machine: modprobe tun; " +
      "in a container: start it with --device /dev/net/tun.",
  );
}

/** Starts the lab, or what is missing of it. The caller holds the lab's lock. */
export async function bringUp(context: LabContext): Promise<LabHost> {
  requireTun();
  const { domainType } = await kvmFinding(context);
  let holder = await soundHolder(context);
  await prepare(context);
  if (holder === undefined) {
    context.report("making the lab's namespaces and bridge");
    const group = domainType === "kvm" ? (lookUpGroup("kvm") ?? 0) : undefined;
    holder = await startHolder(context, group?.toString());
  }
  await ensureDaemons(context, holder);
  // A run that was killed just before may have begun one that nobody could see yet.
  for (const other of findHolders(context.paths))
    if (other.pid !== holder.pid) await endHolder(context, other);
  return labHost(domainType);
}
