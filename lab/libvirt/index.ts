/**
 * The private libvirt: a libvirtd with a bridge, a DHCP and DNS server and a discovery registry, in namespaces of its own.
 * It touches nothing of the host; see docs/adr/0004-private-libvirt.md.
 */
import { chown, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LabContext } from "../shared/context.ts";
import { withLock } from "../shared/lock.ts";
import { dnsmasqConf, libvirtdConf, qemuConf, virtlogdConf } from "./config.ts";
import { ensureDaemon } from "./daemonControl.ts";
import { daemons, dnsmasqUser } from "./daemons.ts";
import { endHolder, enterArguments, findHolders, holderFault, requireHolder } from "./holder.ts";
import { startHolder, type Holder } from "./holder.ts";
import { labHost, type LabHost } from "./host.ts";
import { kvmFinding } from "./kvm.ts";
import { layout, lockFile } from "./layout.ts";
import { namespaceOf } from "./processes.ts";
import { lookUpGroup, lookUpUser } from "./users.ts";

export { consoleCommand, consoleLog, nodeAddress, type LabDomain } from "./domains.ts";
export { LabDownError } from "./holder.ts";
export type { LabHost } from "./host.ts";
export type { DomainType } from "./kvm.ts";
export type { Lease } from "./leases.ts";
export { libvirtRequirements } from "./requirements.ts";
export { labStatus, type LabStatus, type LabUpStatus } from "./status.ts";

function requireRoot(): void {
  if (process.getuid?.() !== 0) {
    throw new Error(
      "The lab needs root, for namespaces, a bridge and libvirt: run the same command with sudo.",
    );
  }
}

/** Makes the folders and the configuration that the daemons start from. */
async function prepare(context: LabContext): Promise<void> {
  const folders = layout(context.paths);
  const dnsmasq = join(folders.lib, "dnsmasq");
  for (const folder of [
    folders.etc,
    folders.lib,
    folders.cache,
    join(folders.log, "qemu"),
    folders.registry,
    dnsmasq,
  ]) {
    await mkdir(folder, { recursive: true, mode: 0o755 });
  }
  const etcd = lookUpUser("etcd") ?? lookUpUser("nobody");
  if (etcd !== undefined) await chown(folders.registry, etcd.id, etcd.group);
  await writeFile(join(folders.etc, "libvirtd.conf"), libvirtdConf());
  await writeFile(join(folders.etc, "virtlogd.conf"), virtlogdConf());
  await writeFile(join(folders.etc, "qemu.conf"), qemuConf());
  await writeFile(join(dnsmasq, "lab.conf"), dnsmasqConf(dnsmasqUser()));
}

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

async function bringUp(context: LabContext): Promise<LabHost> {
  const { domainType } = await kvmFinding(context);
  let holder = await soundHolder(context);
  await prepare(context);
  if (holder === undefined) {
    context.report("making the lab's namespaces and bridge");
    const group = domainType === "kvm" ? (lookUpGroup("kvm") ?? 0) : undefined;
    holder = await startHolder(context, group?.toString());
  }
  const made = holder;
  const all = Object.fromEntries(daemons().map((daemon) => [daemon.name, daemon]));
  const ensure = async (...names: string[]): Promise<void> => {
    for (const name of names) {
      const daemon = all[name];
      if (daemon !== undefined) await ensureDaemon(context, made, daemon);
    }
  };
  await Promise.all([ensure("dnsmasq"), ensure("registry"), ensure("virtlogd", "libvirtd")]);
  return labHost(domainType);
}

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
