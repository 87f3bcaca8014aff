/** What tests of images share: a cache of their own, disk images, packed files, keys, and a server on loopback. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import * as openpgp from "openpgp";
import type { Packing } from "../../../images/format.ts";
import type { Patience } from "../../../images/download.ts";

export const sha256 = (data: Buffer | string): string => createHash("sha256").update(data).digest("hex");
export const sha512 = (data: Buffer | string): string => createHash("sha512").update(data).digest("hex");

/** For tests: pauses of milliseconds. */
export const HASTE: Patience = { silence: 1000, attempts: 3, pause: 5 };

/** A qcow2 image by its header, of `size` bytes that don't pack well. */
export function qcow2Image(size = 200_000, seed = "a"): Buffer {
  const image = Buffer.alloc(size);
  for (let at = 0, round = 0; at < size; at += 32, round++)
    createHash("sha256").update(`${seed}${round}`).digest().copy(image, at);
  image.fill(0, 0, 104);
  image.write("QFI\xfb", 0, "latin1");
  image.writeUInt32BE(3, 4);
  image.writeBigUInt64BE(2n ** 33n, 24);
  return image;
}

/** A raw disk: a partition table, some data, and mostly zeros. */
export function rawImage(size = 2 ** 21): Buffer {
  const image = Buffer.alloc(size);
  image.writeUInt16BE(0x55aa, 510);
  image.fill("data", 2 ** 20, 2 ** 20 + 1000);
  return image;
}

/** Packs as the usual programs do. */
export function packed(data: Buffer, packing: Packing): Buffer {
  if (packing === "gzip") return gzipSync(data);
  if (packing === "zstd") return zstdCompressSync(data);
  return execFileSync(packing, ["-c"], { input: data, maxBuffer: 2 ** 30 });
}

/** A folder that is removed, with the cache in it, for as long as `use` and `end` say. */
export class Place {
  folder = "";
  readonly #before = process.env["CLUSTER_CACHE_DIR"];

  begin(): void {
    this.folder = mkdtempSync(join(tmpdir(), "images-"));
    process.env["CLUSTER_CACHE_DIR"] = join(this.folder, "cache");
  }

  end(): void {
    if (this.#before === undefined) delete process.env["CLUSTER_CACHE_DIR"];
    else process.env["CLUSTER_CACHE_DIR"] = this.#before;
    rmSync(this.folder, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTP server on loopback that counts what it is asked for. */
export class TestServer {
  readonly #server: Server;
  readonly #handlers = new Map<string, Handler>();
  /** `GET /path` and the range that was asked for, in their order. */
  readonly requests: string[] = [];
  /** Bytes of bodies that were sent. */
  sent = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://x").pathname;
      this.requests.push([path, request.headers.range].filter(Boolean).join(" "));
      const handler = this.#handlers.get(path);
      if (handler === undefined) response.writeHead(404).end("no such file");
      else handler(request, response);
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  on(path: string, handler: Handler): void {
    this.#handlers.set(path, handler);
  }

  /** Serves bytes as a good server does, with ranges and an ETag; `breakAt` breaks each answer off after so many. */
  serve(
    path: string,
    data: Buffer,
    options: { readonly breakAt?: number; readonly etag?: string } = {},
  ): void {
    const etag = options.etag ?? `"${sha256(data).slice(0, 16)}"`;
    this.on(path, (request, response) => {
      const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
      const partial = asked !== null && request.headers["if-range"] === etag;
      const start = partial ? Number(asked[1]) : 0;
      const body = data.subarray(start);
      response.writeHead(partial ? 206 : 200, {
        etag,
        "content-length": body.length,
        ...(partial ? { "content-range": `bytes ${start}-${data.length - 1}/${data.length}` } : {}),
      });
      this.send(response, body, options.breakAt);
    });
  }

  /** Sends a body, or its beginning and then cuts the connection. */

  /** Sends a body, or breaks off after so many bytes, when the other side has had the time to put them on its disk. */
  send(response: ServerResponse, body: Buffer, breakAt = Infinity): void {
    const part = body.subarray(0, breakAt);
    this.sent += part.length;
    if (part.length === body.length) response.end(part);
    else response.write(part, () => setTimeout(() => response.destroy(), 500));
  }
}

export interface KeyOptions {
  /** When the key is made. */
  readonly date?: Date;
  /** Seconds that it is valid. */
  readonly validity?: number;
  /** Whether subkeys sign, as those of releases do. */
  readonly subkeys?: boolean;
}

/** A throw-away key. */
export async function makeKey({
  date = new Date("2024-01-01"),
  validity,
  subkeys = false,
}: KeyOptions = {}): Promise<{
  readonly secret: openpgp.PrivateKey;
  readonly armored: string;
}> {
  const { privateKey } = await openpgp.generateKey({
    type: "ecc",
    userIDs: [{ name: "Images", email: "images@example.test" }],
    date,
    format: "object",
    ...(subkeys ? { subkeys: [{ sign: true }] } : {}),
    ...(validity === undefined ? {} : { keyExpirationTime: validity }),
  });
  return { secret: privateKey, armored: privateKey.toPublic().armor() };
}

/** A detached signature, armored or binary. */
export async function sign(
  data: Buffer,
  key: openpgp.PrivateKey,
  options: { readonly date?: Date; readonly armored?: boolean } = {},
): Promise<Buffer> {
  const message = await openpgp.createMessage({ binary: new Uint8Array(data) });
  const more = { message, signingKeys: key, detached: true as const, date: options.date ?? new Date() };
  return options.armored === true
    ? Buffer.from(await openpgp.sign({ ...more, format: "armored" }))
    : Buffer.from((await openpgp.sign({ ...more, format: "binary" })) as Uint8Array);
}
