/** Official downloads, verified before anything of them is used. */
import { existsSync, statSync } from "node:fs";
import { chmod, mkdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { LabContext } from "../shared/context.ts";
import { cached, shortHash } from "../shared/cache.ts";
import { ProcessError, run } from "../shared/process.ts";
import { unzip } from "./archive.ts";
import { algorithmOf, listedSum, sumOf } from "./checksums.ts";
import { Unavailable, wrongSum } from "./errors.ts";
import { urlFor, type Arch, type Download } from "./table.ts";

/** Seconds to reach a host. */
const CONNECT_TIMEOUT = 5;
/** For so many seconds after a host could not be reached no download is tried, so that `npm start` stays quick. */
const OFFLINE_MEMORY = 3600;
/** curl's exit codes that mean that there is no way to the host: proxy, name, connection, time-out, TLS. */
const UNREACHABLE = new Set([5, 6, 7, 28, 35]);

/** Whether the network is known to be away: found out once, then true for all hosts. */
export interface Network {
  readonly offline: () => Promise<boolean>;
  readonly markOffline: () => Promise<void>;
}

/** Remembers in the cache folder, for an hour. */
export function rememberedNetwork(context: LabContext): Network {
  const file = join(context.paths.cache, "offline");
  return {
    offline: async () => {
      if (!existsSync(file)) return false;
      return Date.now() - (await stat(file)).mtimeMs < OFFLINE_MEMORY * 1000;
    },
    markOffline: async () => {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, "downloads are not tried while this file is younger than an hour\n");
      await utimes(file, new Date(), new Date());
    },
  };
}

/** Fetches one file; no retries. */
async function fetchFile(context: LabContext, url: string, file: string, protocols: string): Promise<void> {
  const progress = setInterval(() => {
    const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    context.report(`downloading ${basename(url)} (${Math.round(bytes / 1e6)} MB)`);
  }, 1000);
  const limits = [
    "--connect-timeout",
    String(CONNECT_TIMEOUT),
    "--speed-limit",
    "1000",
    "--speed-time",
    "30",
  ];
  const rules = ["--fail", "--location", "--proto", protocols, "--silent", "--show-error"];
  // Without --disable a ~/.curlrc could turn verification off.
  try {
    await run("curl", ["--disable", ...rules, ...limits, "--output", file, url], { log: context.paths.log });
  } finally {
    clearInterval(progress);
  }
}

/** Why a download failed, and whether that is the network's fault; what is no such failure is thrown on. */
function whyNot(error: unknown): { readonly unreachable: boolean; readonly reason: string } {
  if (error instanceof Unavailable) return { unreachable: false, reason: error.message };
  if (!(error instanceof ProcessError)) throw error;
  // Without an exit code there was no curl to run.
  const unreachable = error.exitCode === undefined || UNREACHABLE.has(error.exitCode);
  return {
    unreachable,
    reason: unreachable ? "no network" : (error.output.trim().split("\n").at(-1) ?? error.message),
  };
}

/** @returns the sum that the archive must have, or undefined if its publisher lists none. */
async function expectedSum(
  context: LabContext,
  download: Download,
  arch: Arch,
  folder: string,
  protocols: string,
): Promise<string | undefined> {
  if (download.sha256 !== undefined) return download.sha256[arch];
  if (download.checksums === undefined) return undefined;
  const file = join(folder, "checksums");
  await fetchFile(context, urlFor(download.checksums, arch), file, protocols);
  const list = await readFile(file, "utf8");
  await rm(file);
  return listedSum(list, basename(urlFor(download.url, arch)));
}

/** The cache entry of a downloaded archive, unpacked. */
export const downloadKey = (download: Download, arch: Arch): string => {
  const url = urlFor(download.url, arch);
  const name = basename(url).replace(/\.(tar\.gz|tgz|zip)$/, "");
  return `${name}-${shortHash(JSON.stringify([url, download.sha256?.[arch] ?? download.checksums]))}`;
};

async function unpack(context: LabContext, archive: string, folder: string): Promise<void> {
  if (archive.endsWith(".zip")) await unzip(archive, folder);
  else await run("tar", ["-xzf", archive, "-C", folder, "--no-same-owner"], { log: context.paths.log });
}

/**
 * Gets the program of an official archive.
 * @param protocols what curl may speak; only tests allow more than https.
 * @returns its path, or why it can't be had.
 * @throws ToolchainError if the archive is not the one that it should be.
 */
export async function downloadTool(
  context: LabContext,
  network: Network,
  download: Download,
  arch: Arch,
  protocols = "=https",
): Promise<{ readonly path: string } | { readonly reason: string }> {
  if (await network.offline()) return { reason: "no network" };
  const url = urlFor(download.url, arch);
  try {
    const entry = await cached(context, downloadKey(download, arch), async (folder) => {
      context.report(`downloading ${basename(url)}`);
      const sum = await expectedSum(context, download, arch, folder, protocols);
      if (sum === undefined) throw new Unavailable(`its publisher lists no checksum for ${basename(url)}`);
      const archive = join(folder, basename(url));
      await fetchFile(context, url, archive, protocols);
      const found = await sumOf(archive, algorithmOf(sum));
      if (found !== sum) throw wrongSum(url, sum, found);
      await unpack(context, archive, folder);
      await rm(archive);
      const program = join(folder, download.file);
      if (!existsSync(program)) throw new Unavailable(`${basename(url)} holds no ${download.file}`);
      await chmod(program, 0o755);
    });
    return { path: join(entry, download.file) };
  } catch (error) {
    const { unreachable, reason } = whyNot(error);
    if (unreachable) await network.markOffline();
    return { reason };
  }
}
