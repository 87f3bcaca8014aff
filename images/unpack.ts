/** Unpacks a file as a stream: bzip2, xz, gzip, zstd. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, createReadStream, openSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import type { Packing } from "./format.ts";
import { asFullDisk, errorCode, ImageProblem, megabytes, throttled, type Report } from "./problem.ts";

/** Holes are made in units of this many bytes: a common multiple of file systems' block sizes. */
const BLOCK = 64 * 1024;
const ZEROS = Buffer.alloc(BLOCK);
const READ = 256 * 1024;

/** What the system's own program unpacks, which gets the file as its input; undefined where there is no such program. */
async function byProgram(program: string, source: string): Promise<AsyncIterable<Uint8Array> | undefined> {
  const file = openSync(source, "r");
  const child = spawn(program, ["-dc"], { stdio: [file, "pipe", "pipe"] });
  closeSync(file);
  let words = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (words += text));
  const ended = new Promise<string | undefined>((resolve) => {
    child.once("close", (code) => {
      resolve(code === 0 ? undefined : `${program}: ${words.trim() || `exit code ${String(code)}`}`);
    });
  });
  const started = await new Promise<boolean>((resolve) => {
    child.once("spawn", () => {
      resolve(true);
    });
    child.once("error", () => {
      resolve(false);
    });
  });
  if (!started) return undefined;
  async function* output(): AsyncGenerator<Buffer> {
    try {
      yield* child.stdout as AsyncIterable<Buffer>;
      const failure = await ended;
      if (failure !== undefined) throw new Error(failure);
    } finally {
      child.kill("SIGKILL"); // where the reader ended early
    }
  }
  return output();
}

const read = (source: string): Readable => createReadStream(source, { highWaterMark: READ });

/** The content of a packed file; `programs: false` leaves the system's own programs aside. */
async function contentOf(
  source: string,
  packing: Packing,
  programs: boolean,
): Promise<AsyncIterable<Uint8Array>> {
  // node:zlib is as quick as gzip; the others gain by a program, or can do more with it.
  const quick = programs && packing !== "gzip" ? await byProgram(packing, source) : undefined;
  if (quick !== undefined) return quick;
  if (packing === "zstd") return frames(source);
  const packed = read(source);
  // Loaded where they are needed: a preview that finds all in the cache pays nothing for them.
  switch (packing) {
    case "xz": {
      const { default: xz } = await import("xz-decompress");
      return Readable.from(new xz.XzReadableStream(Readable.toWeb(packed) as ReadableStream<Uint8Array>));
    }
    case "bzip2":
      return through(packed, (await import("unbzip2-stream")).default());
    case "gzip":
      return through(packed, createGunzip({ chunkSize: READ }));
  }
}

/** Where the frame begins that is not to be skipped, from `at` on (RFC 8878, 3.1.2: magic number, then a length). */
async function nextFrame(file: FileHandle, at: number): Promise<number> {
  const header = Buffer.alloc(8);
  for (let start = at; ;) {
    const { bytesRead } = await file.read(header, 0, header.length, start);
    const skippable = bytesRead === header.length && (header.readUInt32LE(0) & 0xfffffff0) === 0x184d2a50;
    if (!skippable) return start;
    start += header.length + header.readUInt32LE(4);
  }
}

/** node:zlib ends after a zstd file's first frame without a word, but parallel packers write many: each is read by itself. */
async function* frames(source: string): AsyncGenerator<Uint8Array> {
  const file = await open(source, "r");
  try {
    const { size } = await file.stat();
    for (let start = await nextFrame(file, 0); start !== size;) {
      if (start > size) throw new Error("it ends within a frame");
      const unpacker = createZstdDecompress({ chunkSize: READ });
      yield* through(createReadStream(source, { start, highWaterMark: READ }), unpacker);
      start = await nextFrame(file, start + unpacker.bytesWritten);
    }
  } finally {
    await file.close();
  }
}

/** Joins two streams so that the failure of either ends the reader's loop. */
async function* through(source: Readable, unpacker: NodeJS.ReadWriteStream): AsyncGenerator<Buffer> {
  const output = new Transform({
    transform(chunk, _encoding, done) {
      done(null, chunk);
    },
  });
  const done = pipeline(source, unpacker, output);
  done.catch(() => undefined);
  yield* output as AsyncIterable<Buffer>;
  await done;
}

/** Writes a chunk, leaving holes where whole blocks are zero: raw images are mostly that. */
async function writeSparsely(target: FileHandle, chunk: Buffer, position: number): Promise<void> {
  let from = 0;
  const flush = async (to: number): Promise<void> => {
    // On a disk that is nearly full a write may be short; the next one then says why.
    while (from < to) from += (await target.write(chunk, from, to - from, position + from)).bytesWritten;
  };
  for (let at = 0; at + BLOCK <= chunk.length; at += BLOCK) {
    if (!chunk.subarray(at, at + BLOCK).equals(ZEROS)) continue;
    await flush(at);
    from = at + BLOCK;
  }
  await flush(chunk.length);
}

/**
 * Unpacks `source` into `target`, which is made or overwritten.
 * @param programs whether the system's own programs may be used
 * @returns the content's sha256 and size
 * @throws ImageProblem where the file is damaged or cut off, or the disk is full
 */
export async function unpack(
  source: string,
  packing: Packing,
  target: string,
  report: Report,
  { programs = true }: { readonly programs?: boolean } = {},
): Promise<{ readonly sha256: string; readonly size: number }> {
  const say = throttled(report);
  const digest = createHash("sha256");
  const began = performance.now();
  let size = 0;
  const file = await open(target, "w", 0o600).catch((error: unknown) => asFullDisk(error, target));
  try {
    for await (const chunk of await contentOf(source, packing, programs)) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      digest.update(bytes);
      await writeSparsely(file, bytes, size).catch((error: unknown) => asFullDisk(error, target));
      size += bytes.length;
      const rate = (size / (performance.now() - began)) * 1000;
      say(`image: unpacking (${packing}), ${megabytes(size)}, ${megabytes(rate)}/s`);
    }
    await file.truncate(size).catch((error: unknown) => asFullDisk(error, target));
    await file.sync().catch((error: unknown) => asFullDisk(error, target));
  } catch (error) {
    if (error instanceof ImageProblem) throw error;
    throw new ImageProblem(`a whole ${packing} file; this one is damaged or cut off (${errorCode(error)})`);
  } finally {
    await file.close();
  }
  return { sha256: digest.digest("hex"), size };
}
