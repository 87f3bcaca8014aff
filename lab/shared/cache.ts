/** The content-addressed cache: entries are whole folders, made once, shared by all checkouts. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { LabContext, LabPaths } from "./context.ts";
import { withLock } from "./lock.ts";

/** A short, stable name for a text: the first 16 hex digits of its sha256. */
export const shortHash = (text: string): string =>
  createHash("sha256").update(text).digest("hex").slice(0, 16);

const entries = (paths: LabPaths): string => join(paths.cache, "entries");
const users = (paths: LabPaths): string => join(paths.cache, "users");
const lockOf = (paths: LabPaths, key: string): string => join(paths.cache, "locks", `${key}.lock`);

/**
 * The folder of a cache entry, made by `make` when it is not there yet.
 *
 * `make` fills an empty folder on the same file system, which is renamed into place when it is done: a killed
 * run leaves no half entry. Two runs at once make it once. The checkout is noted as a user of the entry, so that
 * `clean` knows what nobody needs any longer.
 * @param key a file name that holds all that the entry depends on, as `<name>-<version>-<hash>`.
 */
export async function cached(
  context: LabContext,
  key: string,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const { paths } = context;
  const entry = join(entries(paths), key);
  await noteUse(paths, key);
  if (existsSync(entry)) return entry;
  return await withLock(
    lockOf(paths, key),
    async () => {
      if (existsSync(entry)) return entry;
      const folder = `${entry}.part`;
      await rm(folder, { recursive: true, force: true }); // what a killed run left
      await mkdir(folder, { recursive: true });
      try {
        await make(folder);
      } catch (error) {
        await rm(folder, { recursive: true, force: true });
        throw error;
      }
      await rename(folder, entry);
      return entry;
    },
    () => {
      context.report(`waiting for another run that makes ${key}`);
    },
  );
}

/** Which checkout uses which entries: one small file per checkout, named by the hash of its path. */
interface Use {
  readonly checkout: string;
  readonly keys: readonly string[];
}

const useFile = (paths: LabPaths): string => join(users(paths), `${shortHash(paths.checkout)}.json`);

async function readUse(file: string): Promise<Use | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Use;
  } catch {
    return undefined; // not there, or cut off by a kill: it is made anew by the next use
  }
}

async function noteUse(paths: LabPaths, key: string): Promise<void> {
  const file = useFile(paths);
  if ((await readUse(file))?.keys.includes(key)) return;
  await withLock(lockOf(paths, "users"), async () => {
    const keys = (await readUse(file))?.keys ?? [];
    await mkdir(users(paths), { recursive: true });
    const next: Use = { checkout: paths.checkout, keys: [...keys.filter((k) => k !== key), key] };
    await writeFile(`${file}.new`, JSON.stringify(next, null, 2));
    await rename(`${file}.new`, file);
  });
}

/**
 * Drops this checkout's use of the cache, then the entries that no existing checkout uses.
 * @returns the keys of the entries that were removed.
 */
export async function dropUses(paths: LabPaths): Promise<string[]> {
  if (!existsSync(paths.cache)) return [];
  return await withLock(lockOf(paths, "users"), async () => {
    await rm(useFile(paths), { force: true });
    const wanted = new Set<string>();
    for (const name of existsSync(users(paths)) ? await readdir(users(paths)) : []) {
      const file = join(users(paths), name);
      const use = await readUse(file);
      if (use !== undefined && existsSync(use.checkout)) use.keys.forEach((key) => wanted.add(key));
      else await rm(file, { force: true });
    }
    const removed: string[] = [];
    for (const key of existsSync(entries(paths)) ? await readdir(entries(paths)) : []) {
      // Somebody who wants an entry may be making it right now, as a `.part`.
      if (wanted.has(basename(key, ".part"))) continue;
      await rm(join(entries(paths), key), { recursive: true, force: true });
      removed.push(key);
    }
    return removed;
  });
}

/** What lies in the cache folder besides entries: tools and notes that are had again in seconds. */
const rest = ["entries", "users", "locks", "node", "identities", "offline", "go"];

/** Empties the cache folder when no checkout uses it any longer. Only what is known to be the cache's is removed. */
export async function dropUnusedCache(paths: LabPaths): Promise<void> {
  const names = existsSync(users(paths)) ? await readdir(users(paths)) : [];
  if (names.length > 0) return;
  for (const name of rest) await rm(join(paths.cache, name), { recursive: true, force: true });
  await rmdir(paths.cache).catch(() => undefined); // somebody keeps a file of his own there
}
