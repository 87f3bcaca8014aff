/**
 * Ignition 2 calls file systems by names, Ignition 3 knows paths only. What the converter makes of a name needs a path; the two
 * usual cases without one are mended here. Pure.
 */
import { isMap, type Value, type ValueMap } from "../render/values.ts";

const list = (value: Value | undefined): readonly Value[] => (Array.isArray(value) ? value : []);
const NODES = ["files", "directories", "links"] as const;

const storageOf = (config: ValueMap): ValueMap => (isMap(config["storage"]) ? config["storage"] : {});

/** The names that files, directories and links lie on. */
const usedNames = (storage: ValueMap): Value[] =>
  NODES.flatMap((kind) =>
    list(storage[kind]).flatMap((node) => (isMap(node) ? [node["filesystem"] ?? ""] : [])),
  );

/** A file system that is made, but on which nothing is written, in Ignition 3's words. */
function loose(fileSystem: Value, used: readonly Value[]): ValueMap | undefined {
  if (!isMap(fileSystem) || !isMap(fileSystem["mount"])) return undefined;
  const { name, path, mount } = fileSystem;
  if (typeof path === "string" || name === "root" || used.includes(name ?? "")) return undefined;
  // `create` is 2.0's way to say how: with force it wipes.
  const { device, format, wipeFilesystem, label, uuid, options, create } = mount;
  const old = isMap(create) ? create : {};
  return Object.fromEntries(
    Object.entries({
      device,
      format,
      label,
      uuid,
      wipeFilesystem: wipeFilesystem ?? old["force"],
      options: options ?? old["options"],
    }).filter((entry): entry is [string, Value] => entry[1] !== undefined && entry[1] !== null),
  );
}

/** Names of file systems on which something lies, but which the config doesn't define (Container Linux knows `oem` by itself). */
export function undefinedFileSystems(config: ValueMap): string[] {
  const storage = storageOf(config);
  const defined = list(storage["filesystems"]).map((entry) => (isMap(entry) ? entry["name"] : undefined));
  return usedNames(storage).filter(
    (name): name is string =>
      typeof name === "string" && name !== "" && name !== "root" && !defined.includes(name),
  );
}

export interface Split {
  /** For the converter. */
  readonly config: ValueMap;
  /** For storage.filesystems of what comes out. */
  readonly fileSystems: readonly ValueMap[];
}

/** Takes file systems that need no path, since nothing is written on them, past the converter. */
export function splitFileSystems(config: ValueMap): Split {
  const storage = storageOf(config);
  const used = usedNames(storage);
  const all = list(storage["filesystems"]).map((entry) => ({ entry, made: loose(entry, used) }));
  const fileSystems = all.flatMap(({ made }) => (made === undefined ? [] : [made]));
  if (fileSystems.length === 0) return { config, fileSystems };
  const filesystems = all.filter(({ made }) => made === undefined).map(({ entry }) => entry);
  return { config: { ...config, storage: { ...storage, filesystems } }, fileSystems };
}

/** An Ignition 3 config with these file systems beside its own. */
export function withFileSystems(config: ValueMap, fileSystems: readonly ValueMap[]): ValueMap {
  if (fileSystems.length === 0) return config;
  const storage = storageOf(config);
  const filesystems = [...list(storage["filesystems"]), ...fileSystems];
  return { ...config, storage: { ...storage, filesystems } };
}

/**
 * A stand-in that the validator can look at, where a system reads Ignition 2 itself: what lies on other file systems than the
 * root lies in a folder of their name.
 */
export function onOneFileSystem(config: ValueMap): ValueMap {
  const storage = storageOf(config);
  const move = (nodes: Value | undefined): Value[] =>
    list(nodes).map((node): Value => {
      const name = isMap(node) ? node["filesystem"] : undefined;
      if (!isMap(node) || typeof name !== "string" || name === "root") return node;
      const path = typeof node["path"] === "string" ? node["path"] : "";
      return { ...node, filesystem: "root", path: `/run/file-systems/${encodeURIComponent(name)}${path}` };
    });
  const moved: ValueMap = {};
  for (const kind of NODES) if (storage[kind] !== undefined) moved[kind] = move(storage[kind]);
  const filesystems = list(storage["filesystems"]).map((entry): Value => {
    if (!isMap(entry) || !isMap(entry["mount"]) || entry["name"] === "root") return entry;
    return Object.fromEntries(Object.entries(entry).filter(([key]) => key !== "path"));
  });
  return {
    ...config,
    storage: {
      ...storage,
      ...moved,
      ...(storage["filesystems"] === undefined ? {} : { filesystems }),
    },
  };
}
