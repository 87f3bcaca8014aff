/** What of a cluster on several libvirt hosts one of them has to do with, as far as the config says. Pure. */
import { founderCount, type Draft, type HostDraft, type NodeDraft } from "../../plan/draft.ts";
import { placesOf } from "../../plan/placement.ts";

/** One host of several. */
export interface HostShare {
  /** Undefined where the config gives none that is right. */
  readonly name: string | undefined;
  readonly bridge: string | undefined;
  readonly poolPath: string | undefined;
  /** The machines that it gets; all of the cluster's where their places can't be told. */
  readonly nodes: readonly NodeDraft[];
}

const isWhole = <T extends object, K extends keyof T>(
  one: T,
  ...keys: readonly K[]
): one is T & { [P in K]-?: Exclude<T[P], undefined> } => keys.every((key) => one[key] !== undefined);

function nodesOn(draft: Draft, name: string): readonly NodeDraft[] | undefined {
  const [hosts = [], nodes = []] = [draft.hosts, draft.nodes];
  const [known, machines] = [
    hosts.filter((host) => isWhole(host, "name", "weight")),
    nodes.filter((node) => isWhole(node, "name", "role")),
  ];
  const bootstrapSize = draft.given.bootstrapSize ?? founderCount(draft);
  if (known.length < hosts.length || machines.length < nodes.length || bootstrapSize === undefined)
    return undefined;
  const pins = new Map(machines.map((node) => [node.name, node.host]));
  const plan = {
    bootstrapSize,
    nodes: machines.map((node) => ({
      ...{ name: node.name, role: node.role },
      ...(node.joins === true ? { joins: true as const } : {}),
    })),
  };
  const where = placesOf(plan, (one) => pins.get(one), known);
  return machines.filter((node) => where.get(node.name) === name);
}

const bare = (uri: string): string => uri.replace(/\?.*$/, "");

/** The entry of a connection: its own, or the only one that differs in its parameters alone. */
function entryOf(hosts: readonly HostDraft[], uri: string): HostDraft | undefined {
  const same = hosts.find((host) => host.uri === uri);
  if (same !== undefined) return same;
  const alike = hosts.filter((host) => host.uri !== undefined && bare(host.uri) === bare(uri));
  return alike.length === 1 ? alike[0] : undefined;
}

/** Undefined for a cluster on one host, and for a connection that none of its hosts has. */
export function shareOf(draft: Draft, uri: string): HostShare | undefined {
  const host = entryOf(draft.hosts ?? [], uri);
  if (host === undefined) return undefined;
  const { name, bridge, poolPath } = host;
  const own = name === undefined ? undefined : nodesOn(draft, name);
  return { name, bridge, poolPath, nodes: own ?? draft.nodes ?? [] };
}
