/** From what the config says of the base image to a verified, unpacked file on this machine. */
import { mkdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import type { ImageFinding } from "../plan/raw.ts";
import type { FileImage, ImageRequest } from "../plan/types.ts";
import { cachedImage, ensureContent, waiting } from "./contents.ts";
import { download, PATIENCE, type Patience } from "./download.ts";
import { packingOf } from "./format.ts";
import { contentDigest } from "./identity.ts";
import { imageAt, readHeader } from "./inspect.ts";
import { signerOf } from "./keys.ts";
import { withLock } from "./lock.ts";
import { ImageProblem, isUrl, shown, type Report } from "./problem.ts";
import { keyOf, noteTrust, places, sweep, trustOf } from "./store.ts";
import {
  besideSource,
  expectProof,
  isUnverified,
  needsSignature,
  rememberedSha256,
  trust,
  trustKey,
  verify,
  type Wanted,
} from "./verify.ts";

export interface Options {
  /** What relative paths start from; Pulumi runs a program in its project's folder. */
  readonly folder?: string;
  /** Whether a URL's content is fetched again although it is known. */
  readonly refresh?: boolean;
  readonly patience?: Patience;
}

/** A verified image, and what was learnt on the way. */
export interface Resolved {
  readonly image: FileImage;
  /** Of the file as it is published. */
  readonly published: string;
  /** How it was verified, for people. */
  readonly by: string;
  readonly warnings: readonly string[];
}

const absolute = (path: string, folder: string): string =>
  path.startsWith("~/") ? resolve(homedir(), path.slice(2)) : resolve(folder, path);

function wantedOf(request: ImageRequest, os: string, folder: string): Wanted {
  const place = (text: string): string => (isUrl(text) ? text : absolute(text, folder));
  if (isUrl(request.source) && !(URL.canParse(request.source) && /^https?:/i.test(request.source)))
    throw new ImageProblem("a path, or a URL that begins with http:// or https://");
  const source = place(request.source);
  return {
    request,
    source,
    signature: request.signature === undefined ? besideSource(source) : place(request.signature),
    signer:
      request.sha256 === undefined || request.signature !== undefined || request.signedBy !== undefined
        ? signerOf(request.signedBy, os, (path) => absolute(path, folder))
        : undefined,
    os,
  };
}

async function fromPath(wanted: Wanted, report: Report): Promise<Omit<Resolved, "warnings">> {
  const { source } = wanted;
  const packed = packingOf(readHeader(source)) !== undefined;
  // What is no image is told at once, before its verification is asked for.
  const image = packed ? undefined : imageAt(source);
  const published = contentDigest(source, "sha256");
  if (image !== undefined && image.sha256 !== published)
    throw new ImageProblem(`a file that stays as it is while it is read; ${source} was changed meanwhile`);
  const by = await verify(source, wanted, report);
  return { image: image ?? (await ensureContent(source, published, source, false, report)), published, by };
}

async function fromUrl(
  wanted: Wanted,
  report: Report,
  options: Options,
): Promise<Omit<Resolved, "warnings">> {
  const known = (): Omit<Resolved, "warnings"> | undefined => {
    const published = rememberedSha256(wanted);
    const image = published === undefined ? undefined : cachedImage(published);
    const by = trustOf(trustKey(wanted))?.by ?? "sha256";
    return published === undefined || image === undefined ? undefined : { image, published, by };
  };
  const remembered = options.refresh === true ? undefined : known();
  if (remembered !== undefined) return remembered;
  const key = keyOf("download", wanted.source);
  const folder = places.download(key);
  const work = async (): Promise<Omit<Resolved, "warnings">> => {
    const meanwhile = options.refresh === true ? undefined : known();
    if (meanwhile !== undefined) return meanwhile;
    sweep();
    if (options.refresh === true) rmSync(folder, { recursive: true, force: true });
    await expectProof(wanted);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = await download(wanted.source, folder, report, options.patience ?? PATIENCE);
    const published = contentDigest(file, "sha256");
    const by = await verify(file, wanted, report).catch((error: unknown) => {
      rmSync(folder, { recursive: true, force: true }); // the next run fetches it anew
      throw error;
    });
    const image = await ensureContent(file, published, wanted.source, true, report).catch(
      (error: unknown) => {
        rmSync(folder, { recursive: true, force: true });
        throw error;
      },
    );
    if (needsSignature(wanted) || isUnverified(wanted)) noteTrust(trustKey(wanted), trust(published, by));
    rmSync(folder, { recursive: true, force: true });
    return { image, published, by };
  };
  return await withLock(places.lock(key), work, waiting(report, wanted.source));
}

/**
 * As {@link resolveImage}, with what was learnt besides.
 * @throws ImageProblem where the image can't be used
 */
export async function resolveSource(
  request: ImageRequest,
  os: string,
  report: Report,
  options: Options = {},
): Promise<Resolved> {
  const wanted = wantedOf(request, os, options.folder ?? process.cwd());
  const before = trustOf(trustKey(wanted));
  const url = isUrl(wanted.source);
  const found = url ? await fromUrl(wanted, report, options) : await fromPath(wanted, report);
  const warnings: string[] = [];
  if (isUnverified(wanted))
    warnings.push(
      `image ${shown(request.source)} is used without any verification (image.insecure is true).`,
    );
  if (url && options.refresh !== true && before !== undefined && before.sha256 !== found.published)
    warnings.push(`image ${shown(request.source)} has another content than when it was last used.`);
  return { ...found, warnings };
}

/**
 * The base image that the config asks for: downloaded where it is a URL, verified, then unpacked into the cache. With all
 * of that done before it takes milliseconds and no network.
 *
 * A URL that was verified keeps its content until the config or `image fetch` asks for another, also where the publisher
 * has put another file there: the image is part of what a cluster is built from.
 * @param os the OS family, whose key signs where `signedBy` names no other
 * @param report what goes on, one line at a time; silent where everything is there
 * @returns the image, or what would be right where there is none
 */
export async function resolveImage(
  request: ImageRequest,
  os: string,
  report: Report,
  options: Options = {},
): Promise<ImageFinding> {
  try {
    const { image, warnings } = await resolveSource(request, os, report, options);
    return warnings.length === 0 ? { image } : { image, warnings };
  } catch (error) {
    // A cache that can't be written, a disk that can't be read: the system's words, with the path in them.
    if (error instanceof Error && "syscall" in error)
      return { problem: `a file that can be read, and a cache that can be written; ${error.message}` };
    if (!(error instanceof ImageProblem)) throw error;
    return { problem: error.message, ...(error.remedy === undefined ? {} : { remedy: error.remedy }) };
  }
}
