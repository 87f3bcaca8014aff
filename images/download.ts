/** Downloads one large file into a folder of the cache: resumed where it broke off, retried a few times. */
import { createWriteStream, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { get, reasonOf, Silence } from "./http.ts";
import {
  asFullDisk,
  ImageProblem,
  megabytes,
  noRoom,
  shown,
  throttled,
  unreachable,
  type Report,
} from "./problem.ts";

/** How patient a download is; the defaults are for people, tests have others. */
export interface Patience {
  /** Milliseconds without a byte after which a connection is given up. */
  readonly silence: number;
  /** Attempts in a row that bring nothing new. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; doubled each time. */
  readonly pause: number;
}

export const PATIENCE: Patience = { silence: 30_000, attempts: 5, pause: 1000 };

/** What a half download is of: without the same validator, other bytes might be joined to it. */
interface Half {
  readonly url: string;
  readonly validator: string;
}

/** An answer after which another attempt makes no sense. */
class Refused extends ImageProblem {}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

function readHalf(path: string): Half | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Half;
  } catch {
    return undefined;
  }
}

/** RFC 9110, If-Range: a strong ETag, else the date; a weak ETag does not promise the same bytes. */
function validatorOf(headers: Headers): string {
  const etag = headers.get("etag");
  return etag !== null && !etag.startsWith("W/") ? etag : (headers.get("last-modified") ?? "");
}

/** From where to where an answer's bytes are, and of how many; `total` is undefined where the server doesn't say. */
function placeOf(response: Response): { start: number; total: number | undefined } {
  const length = response.headers.get("content-length");
  if (response.status !== 206) return { start: 0, total: length === null ? undefined : Number(length) };
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  return range === null
    ? { start: -1, total: undefined }
    : { start: Number(range[1]), total: Number(range[2]) };
}

/** One attempt; returns when the file is whole. */
async function attempt(url: string, folder: string, report: Report, patience: Patience): Promise<void> {
  const part = join(folder, "part");
  const note = join(folder, "part.json");
  const half = readHalf(note);
  const resumable = half?.url === url && half.validator !== "" && sizeOf(part) > 0;
  if (!resumable) rmSync(part, { force: true });
  const have = sizeOf(part);
  const watch = new Silence(patience.silence);
  try {
    const headers = have > 0 ? { range: `bytes=${have}-`, "if-range": half?.validator ?? "" } : {};
    const response = await get(url, headers, watch.signal);
    const validator = validatorOf(response.headers);
    const { start, total } = placeOf(response);
    const joins = response.status === 206 && start === have && validator === half?.validator;
    if (response.status === 416 || (response.status === 206 && !joins)) {
      rmSync(part, { force: true }); // what we have is of another file: from the beginning
      await response.body?.cancel();
      throw new Error("the file has changed on the server");
    }
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      const words = `a source that can be had; ${shown(url)}: the server answers ${response.status}`;
      // 408 and 429 are the client errors that mean "later".
      if (response.status < 500 && ![408, 429].includes(response.status)) throw new Refused(words);
      throw new Error(`the server answers ${response.status}`);
    }
    if (have > 0)
      report(`image: ${joins ? `going on at ${megabytes(have)}` : "the server starts from the beginning"}`);
    writeFileSync(note, JSON.stringify({ url, validator } satisfies Half));
    const before = joins ? have : 0;
    checkRoom(folder, total === undefined ? 0 : total - before, before, joins ? 0 : have);
    const meter = progress(url, before, total, report, watch);
    const target = createWriteStream(part, { flags: joins ? "a" : "w", mode: 0o600 });
    await pipeline(Readable.fromWeb(response.body), meter, target);
    const size = sizeOf(part);
    if (total !== undefined && size !== total) throw new Error(`it broke off after ${megabytes(size)}`);
  } finally {
    watch.end();
  }
}

/** Stops before anything is written where the disk can't hold it. `freed` bytes are about to be overwritten. */
function checkRoom(folder: string, needed: number, have: number, freed: number): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize + freed;
  if (free >= needed) return;
  throw noRoom(
    `${folder} has ${megabytes(free)} free, and ${megabytes(needed)} of ${megabytes(needed + have)} are to come`,
  );
}

function progress(
  url: string,
  have: number,
  total: number | undefined,
  report: Report,
  watch: Silence,
): Transform {
  const say = throttled(report);
  const began = performance.now();
  let length = have;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      watch.heard();
      length += chunk.length;
      const rate = ((length - have) / (performance.now() - began)) * 1000;
      const whole = total === undefined ? "" : ` of ${megabytes(total)}`;
      say(`image: ${megabytes(length)}${whole}, ${megabytes(rate)}/s, from ${shown(url)}`);
      done(null, chunk);
    },
  });
}

/**
 * Downloads a file into `folder`, or goes on with what an earlier, killed run has left there. The caller holds the lock
 * of the folder.
 * @returns the path of the whole file, `folder`/whole; one that is there already is not fetched again
 * @throws ImageProblem where the server refuses, the disk is full, or all attempts fail
 */
export async function download(
  url: string,
  folder: string,
  report: Report,
  patience = PATIENCE,
): Promise<string> {
  const part = join(folder, "part");
  const whole = join(folder, "whole");
  if (sizeOf(whole) > 0 && readHalf(join(folder, "part.json"))?.url === url) return whole;
  let pause = patience.pause;
  for (let left = patience.attempts; ;) {
    const before = sizeOf(part);
    try {
      await attempt(url, folder, report, patience);
      await rename(part, whole);
      return whole;
    } catch (error) {
      try {
        asFullDisk(error, folder);
      } catch (full) {
        // On a full disk half a file would be in everybody's way.
        if (full !== error) rmSync(part, { force: true });
        if (full instanceof ImageProblem) throw full;
      }
      const moved = sizeOf(part) > before;
      left = moved ? patience.attempts - 1 : left - 1;
      if (moved) pause = patience.pause;
      const reason = reasonOf(error);
      if (left === 0) throw unreachable(url, `${reason} (tried ${patience.attempts} times)`);
      report(`image: ${shown(url)}: ${reason}; trying again`);
      await sleep(pause);
      pause *= 2;
    }
  }
}
