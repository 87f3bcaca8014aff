/** A snapshot as a file: whether it is whole, and what is in it. */
import { createHash } from "node:crypto";
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { suggest } from "../../plan/suggest.ts";
import { UserError } from "../ui/errors.ts";
import { BoltError, openBolt, type ReadAt } from "./bolt.ts";
import { type Contents, contentsOf } from "./contents.ts";

export interface SnapshotFile extends Contents {
  /** Bytes of the file. */
  readonly size: number;
  /** Hexadecimal, of the database: what etcd has put behind it. */
  readonly sha256: string;
}

/** Bytes of the sha256 that etcd appends. */
export const SUM = 32;
/** A database is whole pages, which are a multiple of this; what is over is the sha256 (etcd's own rule). */
const BLOCK = 512;

const CHUNK = 2 ** 20;

/** Bytes of a file by their place; the last chunk that was read is kept, since pages follow each other. */
function reader(file: number): ReadAt {
  let [start, kept] = [0, Buffer.alloc(0)];
  return (offset, length) => {
    if (offset < start || offset + length > start + kept.length) {
      const buffer = Buffer.allocUnsafe(Math.max(length, CHUNK / 8));
      kept = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, offset));
      start = offset;
    }
    return kept.subarray(offset - start, offset - start + length);
  };
}

function sumOf(file: number, length: number): string {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let at = 0; at < length;) {
    const count = readSync(file, buffer, 0, Math.min(CHUNK, length - at), at);
    if (count === 0) break;
    hash.update(buffer.subarray(0, count));
    at += count;
  }
  return hash.digest("hex");
}

const reasonOf = (error: unknown): string =>
  error instanceof BoltError || error instanceof RangeError
    ? `it is no etcd snapshot, or a broken one: ${error.message}`
    : (error as Error).message;

/** Why a file can't be opened, with one of nearly the same name where there is one. */
function unreadable(path: string, { code, message }: NodeJS.ErrnoException): string {
  if (code !== "ENOENT") return `${path} can't be read: ${message}`;
  const folder = dirname(path);
  if (!existsSync(folder)) return `there is no folder ${folder}, and so no snapshot ${path}`;
  const like = suggest(basename(path), readdirSync(folder));
  return `there is no file ${path}${like === undefined ? "" : ` (did you mean ${join(folder, like)}?)`}`;
}

/**
 * Reads a whole snapshot, and checks it against the sha256 at its end.
 * @throws UserError naming the file and what is wrong with it
 */
export function readSnapshot(path: string): SnapshotFile {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw new UserError(unreadable(path, error as NodeJS.ErrnoException));
  }
  try {
    const { size } = fstatSync(file);
    if (size < BLOCK || size % BLOCK !== SUM)
      throw new UserError(
        `${path} is no snapshot that etcd has signed off: it has ${size} bytes, not whole pages and a sha256. ` +
          "It was cut off, or is a copy of a member's db file, which may be torn: take one with `snapshot save`",
      );
    const appended = Buffer.alloc(SUM);
    readSync(file, appended, 0, SUM, size - SUM);
    const sha256 = sumOf(file, size - SUM);
    if (appended.toString("hex") !== sha256)
      throw new UserError(
        `${path} is damaged: its sha256 is ${sha256}, and the one that etcd has put at its end is ${appended.toString("hex")}`,
      );
    return { size, sha256, ...contentsOf(openBolt(reader(file))) };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: ${reasonOf(error)}`, { cause: error });
  } finally {
    closeSync(file);
  }
}
