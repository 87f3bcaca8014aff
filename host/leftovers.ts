/**
 * Clearing what a killed run left on the host under a name that is about to be used, or under this stack's mark.
 *
 * Only what is this stack's is touched: domains with the owner's mark in their metadata, the pool with the owner's
 * UUID, volumes inside that pool. A name that somebody else uses is a {@link ForeignObjectError}.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Mark, markXml, ownerUuid } from "./mark.ts";
import { domainIds, type HostDomain, readDomain, readDomains, readPool, volumeNames } from "./objects.ts";
import { lines, type Virsh } from "./virsh.ts";
import { visible } from "./visible.ts";

/** A name is taken on the host by something that isn't this stack's. `message` names the remedies. */
export class ForeignObjectError extends Error {
  override name = "ForeignObjectError";
}

const owners = (mark: Mark | undefined): string =>
  mark === undefined
    ? "it carries no mark of a cluster"
    : visible(`it belongs to stack ${mark.organization}/${mark.project}/${mark.stack} (owner ${mark.owner})`);

const foreignDomain = (domain: HostDomain, uri: string): ForeignObjectError =>
  new ForeignObjectError(
    `There is already a domain "${domain.name}" on ${uri}, and it is not this stack's: ${owners(domain.mark)}. ` +
      `It is left as it is. Give this stack other names (pulumi config set prefix ...), or remove that domain ` +
      `(virsh --connect ${uri} undefine --nvram ${domain.name}).`,
  );

export interface Host {
  readonly uri: string;
  readonly virsh: Virsh;
  /** This stack's owner id, 32 hex digits. */
  readonly owner: string;
}

const isOurs = (host: Host, domain: HostDomain): boolean => domain.mark?.owner === host.owner;

async function powerOff({ virsh }: Host, { uuid }: HostDomain): Promise<void> {
  const runs = async (): Promise<boolean> => lines(await virsh("list", "--uuid")).includes(uuid);
  if (!(await runs())) return;
  try {
    await virsh("destroy", uuid);
  } catch (error) {
    // Hooks run side by side, and several may find the same machine in their way: one of them is the first.
    if (await runs()) throw error;
  }
}

async function removeDomain(host: Host, domain: HostDomain): Promise<void> {
  await powerOff(host, domain);
  // One that somebody undefined while it ran is gone with its power.
  if (![...(await domainIds(host.virsh)).values()].includes(domain.uuid)) return;
  await host.virsh(
    "undefine",
    domain.uuid,
    "--managed-save",
    "--snapshots-metadata",
    "--checkpoints-metadata",
    "--nvram",
  );
}

/** Makes the name of a domain free. */
export async function clearDomain(host: Host, name: string): Promise<void> {
  const domain = await readDomain(host.virsh, name);
  if (domain === undefined) return;
  if (!isOurs(host, domain)) throw foreignDomain(domain, host.uri);
  await removeDomain(host, domain);
}

/** Fails when one of the names is a domain of somebody else's. Changes nothing. */
export async function checkDomainNames(host: Host, names: readonly string[]): Promise<void> {
  const there = await domainIds(host.virsh);
  for (const name of names.filter((wanted) => there.has(wanted))) {
    const domain = await readDomain(host.virsh, name);
    if (domain !== undefined && !isOurs(host, domain)) throw foreignDomain(domain, host.uri);
  }
}

/** Fails when the pool's name is taken by somebody else. Changes nothing. @returns whether our pool is there. */
export async function checkPoolName(host: Host, name: string): Promise<boolean> {
  const pool = await readPool(host.virsh, name);
  if (pool === undefined) return false;
  if (pool.uuid === ownerUuid(host.owner)) return true;
  throw new ForeignObjectError(
    `There is already a storage pool "${name}" on ${host.uri} (in ${visible(pool.path)}), and it is not this stack's. ` +
      `It is left as it is. Give this stack other names (pulumi config set prefix ...), or remove that pool ` +
      `(virsh --connect ${host.uri} pool-destroy ${name}; virsh --connect ${host.uri} pool-undefine ${name}).`,
  );
}

/** A volume of a machine: the machine's name, what it is made of (ignition/, `fingerprint`), and which of the machine's volumes it is. */
const OF_A_MACHINE = /^(?<machine>.+)-[0-9a-f]{12}(?<kind>\.(?:ign|qcow2))$/;

/**
 * Which volumes are in the way of one that is about to be made: the one of its name, and those of the same machine and kind that were made of
 * something else. A machine's old volumes go before its new ones are made: what is there then was begun by a run that was killed. Pure.
 */
export function inTheWay(name: string, there: readonly string[]): readonly string[] {
  const own = OF_A_MACHINE.exec(name)?.groups;
  const isEarlier = (other: string): boolean => {
    const found = OF_A_MACHINE.exec(other)?.groups;
    return own !== undefined && found?.["machine"] === own["machine"] && found?.["kind"] === own["kind"];
  };
  return there.filter((other) => other === name || isEarlier(other));
}

/**
 * Makes the name of a volume in our pool free, and takes away what is left of earlier ones in its place. A machine of ours that still uses one
 * is powered off, not removed. The pool is not refreshed: other volumes are being made in it at the same time, and libvirt refuses then.
 */
export async function clearVolume(host: Host, pool: string, name: string): Promise<void> {
  const names = inTheWay(name, await volumeNames(host.virsh, pool));
  if (names.length === 0) return;
  if (!(await checkPoolName(host, pool))) return;
  for (const one of names) await removeVolume(host, pool, one);
}

async function removeVolume(host: Host, pool: string, name: string): Promise<void> {
  const path = (await host.virsh("vol-path", "--pool", pool, "--vol", name)).trim();
  for (const domain of await readDomains(host.virsh)) {
    if (!domain.files.includes(path)) continue;
    if (!isOurs(host, domain))
      throw new ForeignObjectError(
        `The domain "${domain.name}" on ${host.uri} uses ${path}, a file in this stack's pool, and is not this ` +
          `stack's: ${owners(domain.mark)}. Detach it from that file, then run this again.`,
      );
    await powerOff(host, domain);
  }
  await host.virsh("vol-delete", "--pool", pool, "--vol", name);
}

/** Removes every domain that carries the owner's mark. @returns their names. */
export async function clearOwnDomains(host: Host): Promise<string[]> {
  const ours = (await readDomains(host.virsh)).filter((domain) => isOurs(host, domain));
  for (const domain of ours) await removeDomain(host, domain);
  return ours.map((domain) => domain.name);
}

/** Removes all that is in our pool, unless a domain of somebody else's uses a file of it. */
async function clearVolumes(host: Host, pool: string): Promise<void> {
  await host.virsh("pool-refresh", pool);
  const path = (await readPool(host.virsh, pool))?.path ?? "";
  const others = (await readDomains(host.virsh)).filter((domain) => !isOurs(host, domain));
  const user = others.find((domain) => domain.files.some((file) => file.startsWith(`${path}/`)));
  if (user !== undefined)
    throw new ForeignObjectError(
      `The domain "${user.name}" on ${host.uri} uses files in ${path}, the folder of this stack's pool, and is not ` +
        `this stack's: ${owners(user.mark)}. Detach it from them, then run this again.`,
    );
  for (const name of await volumeNames(host.virsh, pool))
    await host.virsh("vol-delete", "--pool", pool, "--vol", name);
}

/** Removes our pool, whatever its name, with its domains, its volumes and its folder. @returns its name. */
export async function clearOwnPool(host: Host): Promise<string | undefined> {
  const uuid = ownerUuid(host.owner);
  if (!lines(await host.virsh("pool-list", "--all", "--uuid")).includes(uuid)) return undefined;
  const name = (await host.virsh("pool-name", uuid)).trim();
  await clearOwnDomains(host);
  const active = lines(await host.virsh("pool-list", "--name")).includes(name);
  // A pool that was killed before its folder was made can't be started: then there is nothing in it either.
  const started =
    active ||
    (await host.virsh("pool-start", name).then(
      () => true,
      () => false,
    ));
  if (started) {
    await clearVolumes(host, name);
    await host.virsh("pool-destroy", name);
    await host.virsh("pool-delete", name);
  }
  await host.virsh("pool-undefine", name);
  return name;
}

/** Makes the name of our pool free. */
export async function clearPool(host: Host, name: string): Promise<void> {
  await checkPoolName(host, name);
  await clearOwnPool(host);
}

/**
 * Defines a domain with this UUID that is nothing but a name, when there is none. The provider's `delete` fails on a
 * machine that vanished; with this in its place it does what it is there for. It carries the mark: a sweep finds it.
 */
export async function defineStandIn(virsh: Virsh, uuid: string, mark: Mark): Promise<void> {
  const xml =
    `<domain type="qemu"><name>gone-${uuid}</name><uuid>${uuid}</uuid><metadata>${markXml(mark)}</metadata>` +
    `<memory unit="MiB">1</memory><os><type>hvm</type></os></domain>`;
  const folder = await mkdtemp(join(tmpdir(), "domain-"));
  try {
    const file = join(folder, "domain.xml"); // virsh takes nothing but a file
    await writeFile(file, xml);
    await virsh("define", file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The numeric user and group that the host's QEMU runs as; undefined on a connection without privileges. */
export async function qemuUser(virsh: Virsh): Promise<{ uid: number; gid: number } | undefined> {
  // <secmodel><model>dac</model><doi>0</doi><baselabel type='kvm'>+64055:+106</baselabel>
  const dac = /<model>dac<\/model>[\s\S]*?<baselabel[^>]*>\+(\d+):\+(\d+)<\/baselabel>/.exec(
    await virsh("capabilities"),
  );
  return dac === null ? undefined : { uid: Number(dac[1]), gid: Number(dac[2]) };
}
