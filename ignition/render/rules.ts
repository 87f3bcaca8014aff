/**
 * The rules by which configurations are merged, of Container Linux Configs and Ignition configs alike:
 * - maps: key by key; the same key with two different plain values is an error;
 * - units, users and groups with one name become one, by the same rule (so two different `contents` are an error);
 * - a path, drop-in, disk, file system or array that two sources bring is an error, equal or not;
 * - all other lists are joined, equal plain values once.
 * docs/ignition.md shows them to users.
 */
import type { ValueMap } from "./values.ts";

export interface ListRule {
  /** What tells one item from another; undefined for an item that may stand beside any other. */
  readonly identity: (item: ValueMap) => unknown;
  /** What happens to two items with one identity. */
  readonly same: "merge" | "refuse";
  /** Lists of one group share their identities: a path is either a file or a link. */
  readonly group?: string;
}

const by =
  (...keys: readonly string[]) =>
  (item: ValueMap): unknown =>
    keys.map((key) => item[key]).find((value) => value !== undefined && value !== null);

/** A path, with Ignition 2's file system in front where it is not the root; appended pieces stand beside the file. */
const inode = (item: ValueMap): unknown => {
  const { path, filesystem, append } = item;
  if (append === true || typeof path !== "string") return undefined;
  return typeof filesystem === "string" && filesystem !== "root" ? `${filesystem}:${path}` : path;
};

const MERGED: ListRule = { identity: by("name"), same: "merge" };
const NAMED: ListRule = { identity: by("name"), same: "refuse" };
const INODE: ListRule = { identity: inode, same: "refuse", group: "path" };

/** By a list's place; `*` stands for an index. */
export const RULES: Readonly<Record<string, ListRule>> = {
  "systemd.units": MERGED,
  "systemd.units.*.dropins": NAMED,
  "networkd.units": MERGED,
  "networkd.units.*.dropins": NAMED,
  "passwd.users": MERGED,
  "passwd.groups": MERGED,
  "storage.files": INODE,
  "storage.directories": INODE,
  "storage.links": INODE,
  "storage.disks": { identity: by("device"), same: "refuse" },
  "storage.filesystems": { identity: by("name", "device"), same: "refuse" },
  "storage.raid": NAMED,
  "storage.luks": NAMED,
};
