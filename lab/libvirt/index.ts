/**
 * The private libvirt: a libvirtd with a bridge, a DHCP and DNS server and a discovery registry, in namespaces of its own.
 * It touches nothing of the host; see docs/adr/0004-private-libvirt.md.
 */
import { chown, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LabContext } from "../shared/context.ts";
import { withLock } from "../shared/lock.ts";
import { dnsmasqConf, libvirtdConf, qemuConf, virtlogdConf } from "./config.ts";
import { daemons, dnsmasqUser, ensureDaemon } from "./daemons.ts";
import { endHolder, enterArguments, findHolder, holderFault, startHolder, type Holder } from "./holder.ts";
import { kvmFinding, type DomainType } from "./kvm.ts";
import { layout, libvirtUri, lockFile, network, registryUrl } from "./layout.ts";
import { namespaceOf } from "./processes.ts";
import { lookUpGroup, lookUpUser } from "./users.ts";

export type { DomainType } from "./kvm.ts";

/** What the lab offers, as it is called inside its namespaces. */
export interface LabHost {
  /** The libvirt connection. */
  readonly uri: string;
  readonly bridge: string;
  /** The URL of the etcd v2 discovery registry. */
  readonly registry: string;
  readonly domainType: DomainType;
  /** The network of the bridge, in CIDR notation. */
  readonly network: string;
}

const labHost = (domainType: DomainType): LabHost => ({
  uri: libvirtUri,
  bridge: network.bridge,
  registry: registryUrl,
  domainType,
  network: network.cidr,
});

/** The lab isn't running. `message` says what to type. */
export class LabDownError extends Error {
  override name = "LabDownError";
}

function holderOrThrow(context: LabContext): Holder {
  const holder = findHolder(context.paths);
  if (holder === undefined)
    throw new LabDownError("The lab is not running. `npm run cluster -- lab up` starts it.");
  return holder;
}

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
  for (const folder of [folders.etc, folders.lib, folders.cache, folders.log, folders.registry, dnsmasq]) {
    await mkdir(folder, { recursive: true, mode: 0o755 });
  }
  const etcd = lookUpUser("etcd") ?? lookUpUser("nobody");
  if (etcd !== undefined) await chown(folders.registry, etcd.id, etcd.group);
  await writeFile(join(folders.etc, "libvirtd.conf"), libvirtdConf());
  await writeFile(join(folders.etc, "virtlogd.conf"), virtlogdConf());
  await writeFile(join(folders.etc, "qemu.conf"), qemuConf());
  await writeFile(join(dnsmasq, "lab.conf"), dnsmasqConf(dnsmasqUser()));
}

async function bringUp(context: LabContext): Promise<LabHost> {
  const { domainType } = await kvmFinding(context);
  let holder = findHolder(context.paths);
  const fault = holder === undefined ? undefined : holderFault(holder, context.paths);
  if (holder !== undefined && fault !== undefined) {
    context.report(`the lab is broken (${fault}); making it anew`);
    await endHolder(context, holder);
    holder = undefined;
  }
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

/** Starts this checkout's lab, or what is missing of it; quick when it runs already. */
export async function labUp(context: LabContext): Promise<LabHost> {
  requireRoot();
  return await withLock(
    lockFile(context.paths),
    async () => await bringUp(context),
    () => {
      context.report("waiting for another run that changes the lab");
    },
  );
}

/** Ends the lab with all its machines and removes what it kept, but for Pulumi's state and the caches. */
export async function labDown(context: LabContext): Promise<void> {
  requireRoot();
  await withLock(
    lockFile(context.paths),
    async () => {
      const holder = findHolder(context.paths);
      if (holder !== undefined) {
        if (namespaceOf("self", "net") === holder.namespaces.net) {
          throw new Error(
            "This command runs inside the lab, which can't be ended from there: run it outside.",
          );
        }
        await endHolder(context, holder);
      }
      await rm(layout(context.paths).root, { recursive: true, force: true });
    },
    () => {
      context.report("waiting for another run that changes the lab");
    },
  );
}

/**
 * The words before a command that run it inside the lab, in the folder where this process is.
 * @throws LabDownError when the lab doesn't run.
 */
export function enterCommand(context: LabContext): string[] {
  return enterArguments(holderOrThrow(context), process.cwd());
}
