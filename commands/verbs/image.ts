/** `image`: base images of the official streams, and the cache that they lie in. */
import { OS_FAMILIES } from "../../plan/os.ts";
import type { Architecture, ImageRequest } from "../../plan/types.ts";
import { ImageProblem, isUrl, megabytes, quote, shown } from "../../images/problem.ts";
import { resolveSource, type Resolved } from "../../images/resolve.ts";
import { imagesFolder, removeImages, storedImages } from "../../images/store.ts";
import { newestRelease, STREAMS } from "../../images/streams.ts";
import { UserError } from "../ui/errors.ts";
import { Phases } from "../ui/phases.ts";
import { table } from "../ui/table.ts";

export { STREAMS };

/** Architectures that images can be fetched for. */
export const ARCHITECTURES: readonly Architecture[] = ["x86_64", "aarch64", "s390x", "ppc64le"];

/** A problem of an image as one of the command. */
async function explained<T>(work: Promise<T>): Promise<T> {
  return await work.catch((error: unknown) => {
    if (!(error instanceof ImageProblem)) throw error;
    throw new UserError(`needed is ${error.message}`);
  });
}

/** The commands that make a stack use an image. */
export function configCommands(os: string, source: string, published: string, arch: Architecture): string[] {
  return [
    `pulumi config set os ${os}`,
    ...(arch === "x86_64" ? [] : [`pulumi config set arch ${arch}`]),
    `pulumi config set --path image.source ${quote(source)}`,
    `pulumi config set --path image.sha256 ${published}`,
  ];
}

export interface FetchOptions {
  readonly arch: string;
  /** The family of a URL's image, whose key must have signed it where no digest is given. */
  readonly os: string;
  /** Of a URL's file as it is published. */
  readonly sha256?: string;
  readonly sha512?: string;
}

/** The request for a URL with the digests that the command line gives. */
function urlRequest(source: string, { sha256, sha512 }: FetchOptions): ImageRequest {
  const digests = { sha256: sha256?.toLowerCase(), sha512: sha512?.toLowerCase() };
  for (const [name, digits] of [
    ["sha256", 64],
    ["sha512", 128],
  ] as const)
    if (digests[name] !== undefined && !new RegExp(`^[0-9a-f]{${digits}}$`).test(digests[name]))
      throw new UserError(`--${name} is ${digests[name]}; it must be ${digits} hex digits`);
  return {
    source,
    ...(sha256 === undefined ? {} : { sha256: digests.sha256 ?? "" }),
    ...(sha512 === undefined ? {} : { sha512: digests.sha512 ?? "" }),
  };
}

/**
 * Downloads, verifies and unpacks an image, and says how a stack is made to use it.
 * @param name one of STREAMS, or a URL whose content is to be looked at anew
 * @throws UserError where it can't be had or is not what it should be
 */
export async function fetchImage(name: string, options: FetchOptions): Promise<void> {
  const arch = ARCHITECTURES.find((known) => known === options.arch);
  if (arch === undefined)
    throw new UserError(`--arch is ${options.arch}; it must be one of ${ARCHITECTURES.join(", ")}`);
  if (!(OS_FAMILIES as readonly string[]).includes(options.os))
    throw new UserError(`--os is ${options.os}; it must be one of ${OS_FAMILIES.join(", ")}`);
  const phases = new Phases();
  const given = options.sha256 ?? options.sha512;
  if (given !== undefined && !isUrl(name))
    throw new UserError("--sha256 and --sha512 are for URLs; a stream brings its own");
  const release: { readonly os: string; readonly request: ImageRequest } = isUrl(name)
    ? { os: options.os, request: urlRequest(name, options) }
    : await phases.run(`looking up ${name}`, async () => {
        const value = await explained(newestRelease(name, arch));
        return { note: value.version, value };
      });
  const { request, os } = release;
  const found = await phases.run<Resolved>(`fetching ${shown(request.source)}`, async (report) => {
    // A release's own address never changes its content; a URL may, and is asked again.
    const work = resolveSource(
      request,
      os,
      (line) => {
        report(line.replace(/^image: /, ""));
      },
      { refresh: isUrl(name) },
    );
    const value = await explained(work);
    return { note: value.by, value };
  });
  const { image } = found;
  process.stdout.write(
    `\n${image.path}\n${image.format}, a disk of ${megabytes(image.virtualSize)}; to use it:\n\n`,
  );
  for (const command of configCommands(os, request.source, found.published, arch))
    process.stdout.write(`  ${command}\n`);
}

/** Prints what is in the cache. */
export function listImages(): void {
  const rows = storedImages().map((stored) => [
    stored.content.slice(0, 12),
    stored.format,
    megabytes(stored.bytes),
    stored.made.toISOString().slice(0, 10),
    stored.source,
  ]);
  if (rows.length === 0) process.stdout.write(`No images in ${imagesFolder()}.\n`);
  else process.stdout.write(`${table(["CONTENT", "FORMAT", "SIZE", "SINCE", "FROM"], rows)}\n`);
}

/** Removes all images from the cache, and what broken-off downloads have left. */
export function cleanImages(): void {
  const bytes = storedImages().reduce((sum, stored) => sum + stored.bytes, 0);
  removeImages();
  process.stdout.write(`Removed ${megabytes(bytes)} from ${imagesFolder()}.\n`);
}
