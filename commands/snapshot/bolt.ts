/**
 * Reading a bbolt database, which is what an etcd snapshot is, page by page. Source of the format: go.etcd.io/bbolt,
 * internal/common (page.go, meta.go, bucket.go). Numbers are in the byte order of the machine that wrote them.
 */

/** The bytes are no bbolt database, or a broken one. `message` says where. */
export class BoltError extends Error {
  override name = "BoltError";
}

/** Reads `length` bytes at `offset`; fewer only at the end. */
export type ReadAt = (offset: number, length: number) => Buffer;

export interface Bolt {
  /** Whether there is a bucket of this name at the top. */
  has(bucket: string): boolean;
  /** The entries of a bucket at the top, in the order of their keys; none where there is no such bucket. */
  entries(bucket: string): Generator<readonly [key: Buffer, value: Buffer]>;
}

const MAGIC = 0xed0cdaed;
const VERSION = 2;
const PAGE_HEADER = 16;
const BRANCH = 0x01;
const LEAF = 0x02;
const META = 0x04;
/** A leaf element with this flag is a bucket in a bucket. */
const BUCKET = 0x01;
/** Trees of more levels than this would hold more than any file. */
const DEEPEST = 32;

interface Page {
  readonly flags: number;
  readonly count: number;
  /** With the header, overflow pages included. */
  readonly bytes: Buffer;
}

class Reader {
  readonly #little: boolean;
  constructor(little: boolean) {
    this.#little = little;
  }
  u16 = (bytes: Buffer, at: number): number =>
    this.#little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  u32 = (bytes: Buffer, at: number): number =>
    this.#little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  u64 = (bytes: Buffer, at: number): bigint =>
    this.#little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at);
}

/** FNV-1a of 64 bits, by which a meta page vouches for itself. */
function fnv1a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

interface Meta {
  readonly reader: Reader;
  readonly pageSize: number;
  readonly root: bigint;
  readonly transaction: bigint;
}

/** A meta page: after the header magic, version, page size, flags (4 bytes each), then root (16), freelist, pages, transaction, checksum (8 each). */
function metaAt(readAt: ReadAt, offset: number): Meta | undefined {
  const bytes = readAt(offset, PAGE_HEADER + 64);
  if (bytes.length < PAGE_HEADER + 64) return undefined;
  const little = bytes.readUInt32LE(PAGE_HEADER) === MAGIC;
  const reader = new Reader(little);
  const body = bytes.subarray(PAGE_HEADER);
  const sound =
    (reader.u16(bytes, 8) & META) !== 0 &&
    reader.u32(body, 0) === MAGIC &&
    reader.u32(body, 4) === VERSION &&
    reader.u64(body, 56) === fnv1a(body.subarray(0, 56));
  if (!sound) return undefined;
  return {
    reader,
    pageSize: reader.u32(body, 8),
    root: reader.u64(body, 16),
    transaction: reader.u64(body, 48),
  };
}

/** The newer of the two meta pages. The second one stands one page after the first, whose size may be unknown. */
function newestMeta(readAt: ReadAt): Meta {
  const first = metaAt(readAt, 0);
  const sizes =
    first === undefined ? Array.from({ length: 7 }, (_, power) => 1024 << power) : [first.pageSize];
  const metas = [first, ...sizes.map((size) => metaAt(readAt, size))].filter((meta) => meta !== undefined);
  const [newest] = metas.toSorted((one, other) => (one.transaction > other.transaction ? -1 : 1));
  if (newest === undefined) throw new BoltError("no page at its beginning is that of a bbolt database");
  return newest;
}

/**
 * Opens a database.
 * @throws BoltError when the bytes are none; reading on may throw it too.
 */
export function openBolt(readAt: ReadAt): Bolt {
  const { reader, pageSize, root } = newestMeta(readAt);

  function pageOf(bytes: Buffer): Page {
    return { flags: reader.u16(bytes, 8), count: reader.u16(bytes, 10), bytes };
  }

  function page(id: bigint): Page {
    const offset = Number(id) * pageSize;
    const first = readAt(offset, pageSize);
    if (first.length < pageSize || reader.u64(first, 0) !== id)
      throw new BoltError(`page ${id.toString()} is missing or another one`);
    const overflow = reader.u32(first, 12);
    if (overflow === 0) return pageOf(first);
    const all = readAt(offset, (overflow + 1) * pageSize);
    if (all.length < (overflow + 1) * pageSize) throw new BoltError(`page ${id.toString()} is cut off`);
    return pageOf(all);
  }

  function* walk(start: Page, depth = 0): Generator<readonly [number, Buffer, Buffer]> {
    const { flags, count, bytes } = start;
    if (depth > DEEPEST || (flags & (BRANCH | LEAF)) === 0)
      throw new BoltError("a page of its tree is of another kind");
    for (let index = 0; index < count; index++) {
      const at = PAGE_HEADER + index * 16;
      if ((flags & BRANCH) !== 0) {
        yield* walk(page(reader.u64(bytes, at + 8)), depth + 1);
        continue;
      }
      const from = at + reader.u32(bytes, at + 4);
      const middle = from + reader.u32(bytes, at + 8);
      const end = middle + reader.u32(bytes, at + 12);
      if (end > bytes.length) throw new BoltError("an entry reaches beyond its page");
      yield [reader.u32(bytes, at), bytes.subarray(from, middle), bytes.subarray(middle, end)];
    }
  }

  /** A bucket's value is the page of its root and a sequence number; a small one's pages follow there (root 0). */
  const rootOf = (value: Buffer): Page => {
    const id = reader.u64(value, 0);
    return id === 0n ? pageOf(value.subarray(16)) : page(id);
  };

  const find = (bucket: string): Buffer | undefined => {
    const name = Buffer.from(bucket);
    for (const [flags, key, value] of walk(page(root)))
      if ((flags & BUCKET) !== 0 && key.equals(name)) return value;
    return undefined;
  };

  return {
    has: (bucket) => find(bucket) !== undefined,
    *entries(bucket) {
      const found = find(bucket);
      if (found !== undefined) for (const [, key, value] of walk(rootOf(found))) yield [key, value] as const;
    },
  };
}
