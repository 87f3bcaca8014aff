/**
 * What a refresh stops at, or does not see, when somebody took it off a host: made again from a stack's state, so that the machines and
 * their disks can stay.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { qemuUser } from "../../host/leftovers.ts";
import { readDomains } from "../../host/objects.ts";
import { volumeNamesOf } from "../../host/pools.ts";
import { lines, type Virsh } from "../../host/virsh.ts";
import { escapeXml } from "../../host/xml.ts";
import { field } from "../http.ts";
import { resourcesIn, shown } from "../lab/state.ts";

export interface KnownPool {
  readonly uuid: string;
  readonly name: string;
  /** The folder. */
  readonly path: string;
  /** The connection of its host; undefined where the state names none. */
  readonly uri?: string;
}

export interface KnownIgnition {
  readonly pool: string;
  /** The volume's name. */
  readonly name: string;
  readonly content: string;
  readonly uri?: string;
}

/** What a state knows of files on hosts. */
export interface KnownThings {
  readonly pools: readonly KnownPool[];
  readonly ignitions: readonly KnownIgnition[];
}

/** A libvirt host as it is asked. */
export interface Asked {
  readonly uri: string;
  readonly virsh: Virsh;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const plain = (value: unknown): string => text(shown(value));

/** The connection of a resource's provider; `hidden` where it is a secret that this text does not show. */
function uriOf(resource: unknown, resources: readonly unknown[]): { readonly uri?: string } | "hidden" {
  const reference = text(field(resource, "provider")); // URN::ID
  const provider = resources.find(
    (one) => reference.startsWith(`${text(field(one, "urn"))}::`) && field(one, "urn") !== undefined,
  );
  const given = field(field(provider, "inputs"), "uri");
  if (given === undefined) return {};
  const uri = plain(given);
  return uri === "" ? "hidden" : { uri };
}

/**
 * Pools and Ignition files in what `pulumi stack export` prints, with its secrets or without, or in the backend's own file of the stack;
 * without those on hosts whose connection is hidden there. Pure.
 */
export function knownThings(exported: string): KnownThings {
  const resources = resourcesIn(exported);
  const ofType = <T extends object>(
    type: string,
    read: (resource: unknown) => T,
  ): (T & { readonly uri?: string })[] =>
    resources
      .filter((each) => field(each, "type") === type)
      .flatMap((resource) => {
        const place = uriOf(resource, resources);
        return place === "hidden" ? [] : [{ ...read(resource), ...place }];
      });
  return {
    pools: ofType("libvirt:index/pool:Pool", (pool) => ({
      uuid: text(field(pool, "id")),
      name: text(field(field(pool, "outputs"), "name")),
      path: text(field(field(field(pool, "inputs"), "target"), "path")),
    })),
    ignitions: ofType("libvirt:index/ignition:Ignition", (ignition) => ({
      pool: text(field(field(ignition, "outputs"), "pool")),
      name: text(field(field(ignition, "outputs"), "name")),
      content: plain(field(field(ignition, "outputs"), "content")),
    })),
  };
}

/** virsh takes nothing but files. */
export async function withFile<T>(content: string, work: (file: string) => Promise<T>): Promise<T> {
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

/** @returns whether it was away. */
async function restorePool(virsh: Virsh, pool: KnownPool): Promise<boolean> {
  if (lines(await virsh("pool-list", "--uuid")).includes(pool.uuid)) return false;
  if (!lines(await virsh("pool-list", "--all", "--uuid")).includes(pool.uuid)) {
    const xml = poolXml(pool, await qemuUser(virsh));
    await withFile(xml, (file) => virsh("pool-define", file));
  }
  await virsh("pool-build", pool.name); // the folder; one that is there stays as it is
  await virsh("pool-start", pool.name);
  return true;
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
export const ownerOf = ({ uuid }: KnownPool): string => uuid.replaceAll("-", "");

/** A machine whose disk is gone: what still runs over a deleted file is lost with its next stop. */
export interface Diskless extends Asked {
  readonly owner: string;
  readonly name: string;
}

/** The stack's machines whose disk is gone, on all its hosts. Pools must be there and refreshed. */
export async function disklessIn(
  { pools }: KnownThings,
  hostOf: (uri: string | undefined) => Asked,
): Promise<Diskless[]> {
  const found: Diskless[] = [];
  for (const pool of pools) {
    const { uri, virsh } = hostOf(pool.uri);
    const owner = ownerOf(pool);
    const volumes = volumeNamesOf(await virsh("vol-list", pool.name));
    for (const domain of await readDomains(virsh))
      if (domain.mark?.owner === owner && lacksDisk(domain.files, pool, volumes))
        found.push({ uri, virsh, owner, name: domain.name });
  }
  return found;
}

/**
 * Makes a stack's pools and Ignition files again where they are gone: a refresh would forget a pool with all that lies in it, and fails
 * without an Ignition file. Each is what it was, so no machine is replaced for it. Asks the hosts some questions where all is there.
 * @param hostOf a thing's host, by its connection.
 * @param withSecrets the same with all contents: asked for where a file is gone.
 * @returns what was put back, as people call it.
 * @throws VirshError where another pool has taken the name or the folder.
 */
export async function putBack(
  { pools, ignitions }: KnownThings,
  hostOf: (uri: string | undefined) => Asked,
  withSecrets: () => Promise<KnownThings>,
): Promise<string[]> {
  const done: string[] = [];
  const there = new Set<string>();
  const placeOf = (uri: string | undefined, pool: string, name = ""): string =>
    [hostOf(uri).uri, pool, name].join("\n");
  for (const pool of pools) {
    const host = hostOf(pool.uri);
    if (await restorePool(host.virsh, pool)) done.push(`pool ${pool.name}`);
    // A pool keeps a list of its files; one that was removed beside libvirt is still on it.
    await host.virsh("pool-refresh", pool.name);
    for (const name of volumeNamesOf(await host.virsh("vol-list", pool.name)))
      there.add(placeOf(pool.uri, pool.name, name));
  }
  const known = new Set(pools.map(({ uri, name }) => placeOf(uri, name)));
  const isGone = ({ uri, pool, name }: KnownIgnition): boolean =>
    known.has(placeOf(uri, pool)) && !there.has(placeOf(uri, pool, name));
  if (!ignitions.some(isGone)) return done;
  for (const ignition of (await withSecrets()).ignitions.filter(isGone)) {
    await restoreIgnition(hostOf(ignition.uri).virsh, ignition);
    done.push(`Ignition file ${ignition.name}`);
  }
  return done;
}
