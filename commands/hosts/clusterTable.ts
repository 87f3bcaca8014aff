/** The clusters on a host, for people and for programs. */
import { type ClusterOnHost, type HostClusters, stackOf } from "../../host/clusters.ts";
import { visible } from "../../host/visible.ts";
import { table } from "../ui/table.ts";
import { age, shortOwner, size, states } from "./words.ts";

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** @param mine owner ids of this checkout's stacks */
export function clustersJson(
  uri: string,
  { clusters, leftovers }: HostClusters,
  mine: ReadonlySet<string>,
): object {
  return {
    uri,
    clusters: clusters.map(({ mark, nodes, pool, created }) => ({
      ...mark,
      thisCheckout: mine.has(mark.owner),
      created: created?.toISOString() ?? null,
      vcpus: sum(nodes.map(({ vcpus }) => vcpus)),
      memory: sum(nodes.map(({ memory }) => memory)),
      pool:
        pool === undefined
          ? null
          : { name: pool.name, path: pool.path, allocation: pool.allocation, capacity: pool.capacity },
      nodes: nodes.map(({ name, uuid, state, memory, vcpus }) => ({ name, uuid, state, memory, vcpus })),
    })),
    leftovers: leftovers.map(({ name, uuid, path, volumes, allocation }) => ({
      ...{ pool: name, owner: uuid.replaceAll("-", ""), path, volumes, allocation },
    })),
  };
}

const row = ({ mark, nodes, pool, created }: ClusterOnHost, mine: boolean, now: Date): string[] => [
  stackOf(mark),
  shortOwner(mark.owner),
  states(nodes.map(({ state }) => state)),
  created === undefined ? "-" : age(created, now),
  String(sum(nodes.map(({ vcpus }) => vcpus))),
  size(sum(nodes.map(({ memory }) => memory))),
  pool === undefined ? "no pool" : `${size(pool.allocation)} of ${size(pool.capacity)}`,
  mine ? "this checkout's" : "",
];

export function renderClusters(
  title: string,
  { clusters, leftovers }: HostClusters,
  mine: ReadonlySet<string>,
  now: Date,
): string {
  const head = ["STACK", "OWNER", "NODES", "AGE", "VCPUS", "MEMORY", "DISK", ""];
  const rows = clusters.map((cluster) => row(cluster, mine.has(cluster.mark.owner), now));
  return [
    rows.length === 0 ? `No clusters on ${title}.` : table(head, rows),
    ...leftovers.map(
      ({ name, path, volumes, allocation }) =>
        `Left over: pool ${visible(name)} in ${visible(path)} (${volumes.length} volumes, ${size(allocation)}) has no machine. ` +
        `It is of a run that was killed, or a cluster is being made just now.`,
    ),
    "",
  ].join("\n");
}
