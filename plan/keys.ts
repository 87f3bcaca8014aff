/**
 * The config keys: what each is for, what is right, what holds where it is not set, and a value to show in a remedy. From
 * here come Pulumi.yaml's `config:` block and the tables of docs/configuration.md (`npm run config:docs`).
 */
import { CLUSTER_KEYS } from "./keys/cluster.ts";
import { HOST_KEYS } from "./keys/host.ts";
import { MACHINE_KEYS } from "./keys/machines.ts";
import { SOFTWARE_KEYS } from "./keys/software.ts";
import type { ConfigKey, KeyPart } from "./keys/types.ts";
import type { Path } from "./remedies.ts";
import { suggest } from "./suggest.ts";

export type { ConfigKey, KeyPart } from "./keys/types.ts";

/** The keys by topic, in the order in which docs and `pulumi config` show them. */
export const KEY_GROUPS = {
  "The machines": MACHINE_KEYS,
  "What is on them": SOFTWARE_KEYS,
  "The etcd cluster": CLUSTER_KEYS,
  "On the libvirt host": HOST_KEYS,
} as const satisfies Readonly<Record<string, Readonly<Record<string, ConfigKey>>>>;

export const CONFIG_KEYS = {
  ...MACHINE_KEYS,
  ...SOFTWARE_KEYS,
  ...CLUSTER_KEYS,
  ...HOST_KEYS,
} as const satisfies Readonly<Record<string, ConfigKey>>;

export type ConfigKeyName = keyof typeof CONFIG_KEYS;
export const CONFIG_KEY_NAMES = Object.keys(CONFIG_KEYS) as ConfigKeyName[];

const keyOf = (name: string): ConfigKey | undefined =>
  Object.hasOwn(CONFIG_KEYS, name) ? CONFIG_KEYS[name as ConfigKeyName] : undefined;

/** The table's entry for what lies at a path: of a key, of one of its parts, or of a part of a node's entry. */
export function infoAt(path: Path): KeyPart | undefined {
  const names = path.filter((part) => typeof part !== "number").map(String);
  const [key = "", first, second] = names;
  const info = keyOf(key);
  if (key === "nodes") return second === undefined ? info : info?.parts?.[second];
  return first === undefined ? info : info?.parts?.[first];
}

/** Namespaces of other readers: of the provider with keys of its own, and of Pulumi itself. */
const FOREIGN: readonly string[] = ["libvirt", "pulumi"];

/**
 * Whether a config key of another namespace was likely meant for this project: its name is one of the project's keys, or like
 * one where the namespace is like the project's. Pulumi hands it to nobody, and says nothing.
 * @param key with its namespace.
 */
export function isMisplaced(key: string, project: string): boolean {
  const [namespace = "", name = ""] = key.split(":");
  if (namespace === project || FOREIGN.includes(namespace)) return false;
  if (keyOf(name) !== undefined) return true;
  return suggest(namespace, [project]) !== undefined && suggest(name, CONFIG_KEY_NAMES) !== undefined;
}

/** The names that can stand in the map at a path. */
export const knownAt = (path: Path): string[] => Object.keys(keyOf(String(path[0]))?.parts ?? {});
