/**
 * Digests of files, and the identity of an image: the sha256 of its content. Images have hundreds of megabytes and every
 * preview asks, so the answer is kept in the user's cache folder, beside all that changes when the file does.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import type { BigIntStats } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

const CHUNK = 4 * 2 ** 20;

/**
 * A file changed within this time before it was hashed may change again without a new time stamp (file systems count in
 * ticks of some milliseconds), so its answer is not kept.
 */
const RACY_NANOSECONDS = 50_000_000n;

/**
 * The user's cache folder, shared by all stacks and checkouts: `$CLUSTER_CACHE_DIR`, else
 * `$XDG_CACHE_HOME/coreos-cluster` (XDG Base Directory: a relative value is ignored).
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const own = env["CLUSTER_CACHE_DIR"];
  if (own !== undefined && own !== "") return resolve(own);
  const given = env["XDG_CACHE_HOME"];
  const caches = given?.startsWith("/") === true ? given : join(homedir(), ".cache");
  return join(caches, "coreos-cluster");
}

/** Where digests of files are kept. */
export const identitiesFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  join(cacheFolder(env), "identities");

export type Algorithm = "sha256" | "sha512";

/** Changes when the file does: by any ordinary write (mtime), a restored mtime (ctime), or another file in its place (inode). */
const stamp = (path: string, stat: BigIntStats): string =>
  [path, stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join("\n");

function hash(file: number, algorithm: Algorithm): string {
  const digest = createHash(algorithm);
  const chunk = Buffer.allocUnsafe(CHUNK);
  for (;;) {
    const length = readSync(file, chunk, 0, CHUNK, null);
    if (length === 0) return digest.digest("hex");
    digest.update(chunk.subarray(0, length));
  }
}

function recall(entry: string, key: string): string | undefined {
  try {
    const { stamp: kept, digest } = JSON.parse(readFileSync(entry, "utf8")) as {
      stamp?: unknown;
      digest?: unknown;
    };
    const whole = typeof digest === "string" && /^([0-9a-f]{64}){1,2}$/.test(digest);
    return kept === key && whole ? digest : undefined;
  } catch {
    return undefined; // not there, or unreadable: it is made anew
  }
}

/** Does what may fail without harm: a cache that can't be written costs time, nothing else. */
function tolerate(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

function remember(folder: string, entry: string, key: string, digest: string): void {
  const part = `${entry}.${process.pid}`;
  const written = tolerate(() => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(part, JSON.stringify({ stamp: key, digest }), { mode: 0o600 });
    renameSync(part, entry);
  });
  if (!written)
    tolerate(() => {
      rmSync(part, { force: true });
    });
}

/**
 * A digest of a file's content, lower-case hex; from the cache while the file is untouched.
 * @param path the file; one cache entry per path and algorithm.
 */
export function contentDigest(
  path: string,
  algorithm: Algorithm,
  folder: string = identitiesFolder(),
): string {
  const whole = resolve(path);
  const name = createHash("sha256").update(`${algorithm}\n${whole}`).digest("hex").slice(0, 32);
  const entry = join(folder, `${name}.json`);
  const file = openSync(whole, "r");
  try {
    const before = fstatSync(file, { bigint: true });
    const key = stamp(whole, before);
    const kept = recall(entry, key);
    if (kept !== undefined) return kept;
    const started = BigInt(Date.now()) * 1_000_000n;
    const digest = hash(file, algorithm);
    const same = stamp(whole, fstatSync(file, { bigint: true })) === key;
    const settled = before.ctimeNs < started - RACY_NANOSECONDS;
    if (same && settled) remember(folder, entry, key, digest);
    return digest;
  } finally {
    closeSync(file);
  }
}

/** The sha256 of a file's content: an image's identity. */
export const contentIdentity = (path: string, folder: string = identitiesFolder()): string =>
  contentDigest(path, "sha256", folder);
