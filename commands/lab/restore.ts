/**
 * What a refresh stops at, or does not see, when somebody took it off the host: made again from the stack's state, so that the
 * machines and their disks can stay.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clearDomain, qemuUser } from "../../host/leftovers.ts";
import { domainIds, readDomain, readDomains } from "../../host/objects.ts";
import { volumeNamesOf } from "../../host/pools.ts";
import { lines, type Virsh, virshOn } from "../../host/virsh.ts";
import { escapeXml } from "../../host/xml.ts";
import { run } from "../../lab/shared/process.ts";
import { field, parsed } from "../http.ts";
import type { LabSession } from "./session.ts";
import { resourcesIn, stateFiles } from "./state.ts";

export interface KnownPool {
  readonly uuid: string;
  readonly name: string;
  /** The folder. */
  readonly path: string;
}

export interface KnownIgnition {
  readonly pool: string;
  /** The volume's name. */
  readonly name: string;
  readonly content: string;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** A secret in an exported state is the value as JSON. */
const plain = (value: unknown): string => {
  const secret = field(value, "plaintext");
  return typeof secret === "string" ? text(parsed(secret)) : text(value);
};

/** Pools and Ignition files in what `pulumi stack export --show-secrets` prints, or in the backend's own file of the stack. Pure. */
export function knownThings(exported: string): {
  readonly pools: readonly KnownPool[];
  readonly ignitions: readonly KnownIgnition[];
} {
  const resources = resourcesIn(exported);
  const ofType = (type: string): unknown[] => resources.filter((each) => field(each, "type") === type);
  return {
    pools: ofType("libvirt:index/pool:Pool").map((pool) => ({
      uuid: text(field(pool, "id")),
      name: text(field(field(pool, "outputs"), "name")),
      path: text(field(field(field(pool, "inputs"), "target"), "path")),
    })),
    ignitions: ofType("libvirt:index/ignition:Ignition").map((ignition) => ({
      pool: text(field(field(ignition, "outputs"), "pool")),
      name: text(field(field(ignition, "outputs"), "name")),
      content: plain(field(field(ignition, "outputs"), "content")),
    })),
  };
}

/** virsh takes nothing but files. */
async function withFile<T>(content: string, work: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "restore-")); // nobody else can read it
  try {
    const file = join(folder, "content");
    await writeFile(file, content);
    return await work(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As components/xslt/pool.xsl describes it. */
const poolXml = ({ uuid, name, path }: KnownPool, owner: { uid: number; gid: number } | undefined): string =>
  `<pool type="dir"><name>${escapeXml(name)}</name><uuid>${uuid}</uuid><target><path>${escapeXml(path)}</path>` +
  `<permissions><mode>0700</mode><owner>${owner?.uid ?? -1}</owner><group>${owner?.gid ?? -1}</group></permissions>` +
  `</target></pool>`;

async function restorePool(virsh: Virsh, pool: KnownPool): Promise<void> {
  if (lines(await virsh("pool-list", "--uuid")).includes(pool.uuid)) return;
  if (!lines(await virsh("pool-list", "--all", "--uuid")).includes(pool.uuid)) {
    const xml = poolXml(pool, await qemuUser(virsh));
    await withFile(xml, (file) => virsh("pool-define", file));
  }
  await virsh("pool-build", pool.name); // the folder; one that is there stays as it is
  await virsh("pool-start", pool.name);
}

async function restoreIgnition(virsh: Virsh, { pool, name, content }: KnownIgnition): Promise<void> {
  await virsh("vol-create-as", pool, name, String(Buffer.byteLength(content)), "--format", "raw");
  await withFile(content, (file) => virsh("vol-upload", name, file, "--pool", pool));
}

/** Whether a machine of the pool's owner has lost a disk. A path is of the pool when it lies in its folder. Pure. */
export function lacksDisk(files: readonly string[], pool: KnownPool, volumes: readonly string[]): boolean {
  const folder = `${pool.path}/`;
  const disks = files.filter((file) => file.startsWith(folder) && file.endsWith(".qcow2"));
  return disks.some((file) => !volumes.includes(file.slice(folder.length)));
}

/** The owner's id is the pool's UUID (host/mark.ts: ownerUuid). */
const ownerOf = ({ uuid }: KnownPool): string => uuid.replaceAll("-", "");

/** Removes the owner's machines whose disk is gone: what still runs over a deleted file is lost with its next stop. */
async function clearDiskless(virsh: Virsh, uri: string, pool: KnownPool): Promise<void> {
  const owner = ownerOf(pool);
  const volumes = volumeNamesOf(await virsh("vol-list", pool.name));
  for (const domain of await readDomains(virsh)) {
    if (domain.mark?.owner !== owner || !lacksDisk(domain.files, pool, volumes)) continue;
    await clearDomain({ uri, virsh, owner }, domain.name);
  }
}

const uriOf = (session: LabSession): string => session.env["LIBVIRT_DEFAULT_URI"] ?? "qemu:///system";
const virshOf = (session: LabSession): Virsh => virshOn(uriOf(session), session.enter);

/** What the backend's own file of the stack says: that takes no time. Secrets in it are encrypted. */
async function readState(session: LabSession): Promise<ReturnType<typeof knownThings>> {
  const known = (await stateFiles(session)).map(knownThings);
  return {
    pools: known.flatMap(({ pools }) => pools),
    ignitions: known.flatMap(({ ignitions }) => ignitions),
  };
}

/** The state with its secrets. */
async function exportState(session: LabSession): Promise<ReturnType<typeof knownThings>> {
  const { enter, env, stack, context } = session;
  const show = ["pulumi", "stack", "export", "--show-secrets", "--stack", stack, "--non-interactive"];
  const [file = "", ...args] = [...enter, ...show];
  const { stdout } = await run(file, args, { cwd: context.paths.checkout, env }); // not into the log
  return knownThings(stdout);
}

/**
 * Makes the stack's pool and its Ignition files again where they are gone: a refresh would forget the pool with all that lies in it, and
 * fails without an Ignition file. Each is what it was, so no machine is replaced for it. A machine whose disk is gone goes, for the
 * refresh to miss it. Asks the host some questions where all is there.
 * @throws VirshError where another pool has taken the name or the folder.
 */
export async function restoreFiles(session: LabSession): Promise<void> {
  const { pools, ignitions } = await readState(session);
  const virsh = virshOf(session);
  const there = new Set<string>();
  for (const pool of pools) {
    await restorePool(virsh, pool);
    // A pool keeps a list of its files; one that was removed beside libvirt is still on it.
    await virsh("pool-refresh", pool.name);
    await clearDiskless(virsh, uriOf(session), pool);
    for (const name of volumeNamesOf(await virsh("vol-list", pool.name))) there.add(`${pool.name}/${name}`);
  }
  const isGone = ({ pool, name }: KnownIgnition): boolean =>
    pools.some((known) => known.name === pool) && !there.has(`${pool}/${name}`);
  if (!ignitions.some(isGone)) return;
  for (const ignition of (await exportState(session)).ignitions.filter(isGone))
    await restoreIgnition(virsh, ignition);
}

/**
 * UUIDs of machines among those that `virsh list` chooses which carry an owner's mark. A stack's name is no proof: another
 * checkout may have one of the same name.
 */
export async function ownMachines(
  virsh: Virsh,
  owners: readonly string[],
  choice: string,
): Promise<string[]> {
  const own: string[] = [];
  for (const [name, uuid] of await domainIds(virsh, ["--all", choice])) {
    const owner = (await readDomain(virsh, name))?.mark?.owner;
    if (owner !== undefined && owners.includes(owner)) own.push(uuid);
  }
  return own;
}

/**
 * Sees to the stack's machines that a refresh judges wrongly: those that somebody undefined while they run are defined again, since they
 * would be gone at their next stop; suspended ones go on, since the provider would start them, which libvirt refuses.
 */
export async function settleMachines(session: LabSession): Promise<void> {
  const virsh = virshOf(session);
  const owners = (await readState(session)).pools.map(ownerOf);
  for (const uuid of await ownMachines(virsh, owners, "--transient")) {
    const xml = await virsh("dumpxml", "--inactive", "--security-info", uuid);
    await withFile(xml, (file) => virsh("define", file));
  }
  for (const uuid of await ownMachines(virsh, owners, "--state-paused")) await virsh("resume", uuid);
}
