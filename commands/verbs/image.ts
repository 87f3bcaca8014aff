/** `image`: base images of the official streams, and the cache that they lie in. */
import { OS_FAMILIES } from "../../plan/os.ts";
import type { Architecture } from "../../plan/types.ts";
import { ImageProblem, isUrl, megabytes, quote, shown } from "../../images/problem.ts";
import { resolveSource, type Resolved } from "../../images/resolve.ts";
import { imagesFolder, removeImages, storedImages } from "../../images/store.ts";
import { newestRelease, STREAMS, type Release } from "../../images/streams.ts";
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

/**
 * Downloads, verifies and unpacks an image, and says how a stack is made to use it.
 * @param name one of STREAMS, or a URL whose content is to be looked at anew
 * @param options `os`: the family of a URL's image, whose key must have signed it
 * @throws UserError where it can't be had or is not what it should be
 */
export async function fetchImage(
  name: string,
  options: { readonly arch: string; readonly os: string },
): Promise<void> {
  const arch = ARCHITECTURES.find((known) => known === options.arch);
  if (arch === undefined)
    throw new UserError(`--arch is ${options.arch}; it must be one of ${ARCHITECTURES.join(", ")}`);
  if (!(OS_FAMILIES as readonly string[]).includes(options.os))
    throw new UserError(`--os is ${options.os}; it must be one of ${OS_FAMILIES.join(", ")}`);
  const phases = new Phases();
  const release: Pick<Release, "os" | "request"> | { os: string; request: { source: string } } = isUrl(name)
    ? { os: options.os, request: { source: name } }
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
