/** The clusters on a libvirt host, of whatever stack: known by the mark in their machines' metadata and by their pool's UUID. */
import { batch } from "./batch.ts";
import { type Mark, MARK_NAMESPACE, ownerUuid, parseMark } from "./mark.ts";
import { readPools, type PoolOnHost } from "./pools.ts";
import { lines, type Virsh } from "./virsh.ts";
import { visible } from "./visible.ts";
import { elementText, unescapeXml } from "./xml.ts";

export interface NodeOnHost {
  readonly name: string;
  readonly uuid: string;
  /** In libvirt's words: `running`, `shut off`, `paused`, `crashed`, ... */
  readonly state: string;
  /** Bytes. */
  readonly memory: number;
  readonly vcpus: number;
  /** Absolute path on the host of what its serial console has shown; undefined where there is no log. */
  readonly consoleLog: string | undefined;
}

export interface ClusterOnHost {
  readonly mark: Mark;
  /** By name. */
  readonly nodes: readonly NodeOnHost[];
  /** Undefined when somebody removed it. */
  readonly pool: PoolOnHost | undefined;
  /** When the oldest volume was made; undefined where no volume tells. */
  readonly created: Date | undefined;
}

export interface HostClusters {
  /** By organization, project, stack and owner. */
  readonly clusters: readonly ClusterOnHost[];
  /** Pools that look like a cluster's, with no machine that carries their owner's mark. */
  readonly leftovers: readonly PoolOnHost[];
}

/** libvirt's units of memory (https://libvirt.org/formatdomain.html#memory-allocation), in bytes. */
const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  bytes: 1,
  KB: 1e3,
  k: 2 ** 10,
  KiB: 2 ** 10,
  MB: 1e6,
  M: 2 ** 20,
  MiB: 2 ** 20,
  GB: 1e9,
  G: 2 ** 30,
  GiB: 2 ** 30,
  TB: 1e12,
  T: 2 ** 40,
  TiB: 2 ** 40,
};

/** Bytes of `<memory unit='KiB'>524288</memory>` of a domain. */
export function memoryOf(xml: string): number {
  const [, unit = "KiB", value = "0"] =
    /<memory(?:\s+unit=['"](\w+)['"])?[^>]*>(\d+)<\/memory>/.exec(xml) ?? [];
  return Number(value) * (UNITS[unit] ?? 2 ** 10);
}

/** The file that the first serial port is logged to. */
export function consoleLogOf(xml: string): string | undefined {
  for (const [port] of xml.matchAll(/<(serial|console)(?:\s[^>]*)?(?<!\/)>[\s\S]*?<\/\1>/g)) {
    const [, single, double] = /<log\s[^>]*?file=(?:'([^']*)'|"([^"]*)")/.exec(port) ?? [];
    const file = single ?? double;
    if (file !== undefined) return unescapeXml(file);
  }
  return undefined;
}

/** A domain's description and state as a node; its mark beside, undefined for a domain that is no cluster's. */
export function nodeOf(
  xml: string,
  state: string,
): { readonly mark: Mark | undefined; readonly node: NodeOnHost } {
  return {
    mark: xml.includes(MARK_NAMESPACE) ? parseMark(xml) : undefined,
    node: {
      name: elementText(xml, "name") ?? "",
      uuid: elementText(xml, "uuid") ?? "",
      state: state.trim(),
      memory: memoryOf(xml),
      vcpus: Number(elementText(xml, "vcpu") ?? 1),
      consoleLog: consoleLogOf(xml),
    },
  };
}

/** The machines on the host that carry a mark; those that vanish meanwhile are left out. */
export async function readNodes(virsh: Virsh): Promise<{ readonly mark: Mark; readonly node: NodeOnHost }[]> {
  const uuids = lines(await virsh("list", "--all", "--uuid"));
  const answers = await batch(
    virsh,
    uuids.flatMap((uuid) => [
      ["dumpxml", uuid],
      ["domstate", uuid],
    ]),
  );
  return uuids.flatMap((_, index) => {
    const [xml, state] = answers.slice(2 * index, 2 * index + 2);
    if (xml === undefined || state === undefined) return [];
    const { mark, node } = nodeOf(xml, state);
    return mark === undefined ? [] : [{ mark, node }];
  });
}

/** Whose a cluster is, for people: `organization/project/stack`. */
export const stackOf = ({ organization, project, stack }: Mark): string =>
  visible(`${organization}/${project}/${stack}`);

/** Puts marked machines and the host's pools together. Pure. */
export function clustersOf(
  marked: readonly { readonly mark: Mark; readonly node: NodeOnHost }[],
  pools: readonly PoolOnHost[],
): HostClusters {
  const marks = new Map(marked.map(({ mark }) => [mark.owner, mark]));
  const clusters = [...marks.values()].map((mark): ClusterOnHost => {
    const machines = marked.filter((one) => one.mark.owner === mark.owner);
    const pool = pools.find(({ uuid }) => uuid === ownerUuid(mark.owner));
    return {
      mark,
      nodes: machines.map(({ node }) => node).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      pool,
      created: pool?.oldest,
    };
  });
  const key = ({ mark }: ClusterOnHost): string => `${stackOf(mark)}/${mark.owner}`;
  const owned = new Set(clusters.map(({ mark }) => ownerUuid(mark.owner)));
  return {
    clusters: clusters.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)),
    leftovers: pools.filter(({ uuid, looksOurs }) => looksOurs && !owned.has(uuid)),
  };
}

/** All clusters on a host. Changes nothing. */
export async function readClusters(virsh: Virsh): Promise<HostClusters> {
  return clustersOf(await readNodes(virsh), await readPools(virsh));
}
