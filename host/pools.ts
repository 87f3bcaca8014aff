/** The storage pools of a libvirt host with what is in them. */
import { batch } from "./batch.ts";
import { lines, type Virsh } from "./virsh.ts";
import { elementText } from "./xml.ts";

export interface PoolOnHost {
  readonly name: string;
  readonly uuid: string;
  /** The folder; empty for pools that have none. */
  readonly path: string;
  /** Names of its volumes; empty while it is not started. */
  readonly volumes: readonly string[];
  /** Bytes that the volumes take now. */
  readonly allocation: number;
  /** Bytes that the volumes can grow to. */
  readonly capacity: number;
  /** When the oldest volume was made, as far as files tell. */
  readonly oldest: Date | undefined;
  /** Whether it is such a pool as a cluster has, whosesoever: folder, its mode, names of volumes. */
  readonly looksOurs: boolean;
}

/** A base volume, or a node's disk or Ignition file, as components/ name them: the end is a hash. */
const VOLUME = /^base-[0-9a-f]{16}\.(?:qcow2|raw)$|^.+-[0-9a-f]{8,64}\.(?:qcow2|ign)$/;

/** The folder in which all pools of clusters lie, unless poolPath says otherwise. */
const FOLDER = /\/coreos-cluster\/[^/]+$/;

/** Closed to all but QEMU's user, as components/pool.ts makes it. */
const isClosed = (xml: string): boolean => /<mode>0?700<\/mode>/.test(xml);

/** When a volume's file was made: its birth where the file system tells, else its last change. */
export function volumeTime(xml: string): Date | undefined {
  for (const name of ["btime", "mtime"]) {
    const seconds = Number(elementText(xml, name) ?? 0);
    if (seconds > 0) return new Date(seconds * 1000);
  }
  return undefined;
}

/** A pool from its description and those of its volumes. Pure. */
export function poolOf(xml: string, volumes: readonly string[]): PoolOnHost {
  const path = elementText(xml, "path") ?? "";
  const names = volumes.map((volume) => elementText(volume, "name") ?? "");
  const total = (what: string): number =>
    volumes.reduce((sum, volume) => sum + Number(elementText(volume, what) ?? 0), 0);
  const times = volumes.flatMap((volume) => volumeTime(volume)?.getTime() ?? []);
  return {
    name: elementText(xml, "name") ?? "",
    uuid: elementText(xml, "uuid") ?? "",
    path,
    volumes: names,
    allocation: total("allocation"),
    capacity: total("capacity"),
    oldest: times.length === 0 ? undefined : new Date(Math.min(...times)),
    looksOurs: isClosed(xml) && (FOLDER.test(path) || names.some((name) => VOLUME.test(name))),
  };
}

/** The names in what `virsh vol-list` prints: two columns, name and path; a name may hold blanks, the path ends in it. */
export const volumeNamesOf = (text: string): string[] =>
  lines(text).map((line) => /^(.*?)\s+\/.*$/.exec(line)?.[1] ?? line);

/** All pools of the host with their volumes; those that vanish meanwhile are left out. */
export async function readPools(virsh: Virsh): Promise<PoolOnHost[]> {
  const uuids = lines(await virsh("pool-list", "--all", "--uuid"));
  const described = await batch(
    virsh,
    uuids.flatMap((uuid) => [
      ["pool-dumpxml", uuid],
      ["vol-list", uuid],
    ]),
  );
  const pools = uuids.flatMap((uuid, index) => {
    const [xml, list] = described.slice(2 * index, 2 * index + 2);
    return xml === undefined ? [] : [{ uuid, xml, names: volumeNamesOf(list ?? "") }];
  });
  const questions = pools.flatMap(({ uuid, names }) =>
    names.map((name) => ["vol-dumpxml", "--pool", uuid, "--vol", name]),
  );
  const volumes = await batch(virsh, questions);
  let next = 0;
  return pools.map(({ xml, names }) => {
    const own = volumes.slice(next, (next += names.length)).filter((volume) => volume !== undefined);
    return poolOf(xml, own);
  });
}
