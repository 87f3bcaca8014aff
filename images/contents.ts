/** Unpacked images in the cache: found there, or put there once by whoever comes first. */
import { chmodSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { FileImage } from "../plan/types.ts";
import { packingOf } from "./format.ts";
import { contentDigest } from "./identity.ts";
import { imageAt, readHeader } from "./inspect.ts";
import { withLock } from "./lock.ts";
import { asFullDisk, ImageProblem, shown, type Report } from "./problem.ts";
import { notePacked, packedFact, places } from "./store.ts";
import { unpack } from "./unpack.ts";

/** The unpacked image of a published file, where it is in the cache and whole. */
export function cachedImage(published: string): FileImage | undefined {
  const fact = packedFact(published);
  if (fact === undefined) return undefined;
  const path = places.content(fact.content, fact.format);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  const image = untouched(path, fact.content);
  if (image === undefined) rmSync(path, { force: true });
  return image;
}

/** The image at a path of the cache; undefined where somebody has written to it. */
function untouched(path: string, content: string): FileImage | undefined {
  try {
    const image = imageAt(path);
    return image.sha256 === content ? image : undefined;
  } catch (error) {
    if (error instanceof ImageProblem) return undefined;
    throw error;
  }
}

/** Puts a published, verified file's content into the cache. `move`: the file is ours, and may be moved there. */
async function store(
  file: string,
  published: string,
  source: string,
  move: boolean,
  report: Report,
): Promise<FileImage> {
  const part = places.unfinished(published);
  mkdirSync(dirname(part), { recursive: true, mode: 0o700 });
  rmSync(part, { force: true }); // what a killed run left
  const packing = packingOf(readHeader(file));
  try {
    const content = packing === undefined ? published : (await unpack(file, packing, part, report)).sha256;
    // What is noted below is for good: it must be of the bytes that were verified.
    if (contentDigest(file, "sha256") !== published)
      throw new ImageProblem(`a file that stays as it is while it is read; ${file} was changed meanwhile`);
    if (packing === undefined && move) renameSync(file, part);
    const { format } = imageAt(part);
    chmodSync(part, 0o444);
    const path = places.content(content, format);
    renameSync(part, path);
    notePacked({ sha256: published, content, format, source: shown(source) });
    return imageAt(path);
  } catch (error) {
    rmSync(part, { force: true });
    return asFullDisk(error, dirname(part));
  }
}

/** Says that another run is at it. */
export const waiting = (report: Report, source: string) => (): void => {
  report(`image: waiting for another run that fetches or unpacks ${shown(source)}`);
};

/** The content in the cache, or put there under a lock that all runs share. */
export async function ensureContent(
  file: string,
  published: string,
  source: string,
  move: boolean,
  report: Report,
): Promise<FileImage> {
  const work = async (): Promise<FileImage> =>
    cachedImage(published) ?? (await store(file, published, source, move, report));
  return cachedImage(published) ?? (await withLock(places.lock(published), work, waiting(report, source)));
}
