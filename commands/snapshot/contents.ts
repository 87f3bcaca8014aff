/** What is in an etcd snapshot: its revision, its keys, where it comes from. Source: etcd's server/mvcc and server/etcdserver/api/membership. */
import { createHash } from "node:crypto";
import { field, list, parsed } from "../http.ts";
import { type Bolt, BoltError } from "./bolt.ts";

export interface Contents {
  /** The revision up to which the data go. */
  readonly revision: number;
  /** Keys that are there at that revision. */
  readonly keys: number;
  /** Over keys and their last changes: what `digestOf` makes of a member's answers is equal where the data are. */
  readonly digest: string;
  /** "3.4": the version that the cluster ran as a whole; undefined where it isn't told. */
  readonly clusterVersion: string | undefined;
  /** Names of the members of the cluster that it comes from. */
  readonly members: readonly string[];
}

/** A key as it is at some revision. */
export interface KeyState {
  /** Base64. */
  readonly key: string;
  /** Revision of its last change. */
  readonly modified: string;
  /** Changes since it was made, the first one counted. */
  readonly version: string;
}

/** Puts keys, which come in the order of their bytes, into one sha256. */
export class KeyDigest {
  readonly #hash = createHash("sha256");
  #count = 0;

  add({ key, modified, version }: KeyState): void {
    this.#hash.update(`${key} ${modified} ${version}\n`);
    this.#count++;
  }

  end(): { readonly keys: number; readonly digest: string } {
    return { keys: this.#count, digest: this.#hash.digest("hex") };
  }
}

/** Reads protobuf's numbers of variable length. */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new BoltError("a key's record is broken");
  }

  /** The fields of a message that holds numbers and bytes only: by their numbers, the last of each. */
  all(): Map<number, bigint | Buffer> {
    const found = new Map<number, bigint | Buffer>();
    while (this.#at < this.#bytes.length) {
      const tag = Number(this.varint());
      if ((tag & 7) === 0) found.set(tag >> 3, this.varint());
      else if ((tag & 7) === 2) {
        const end = Number(this.varint()) + this.#at;
        if (end > this.#bytes.length) throw new BoltError("a key's record is cut off");
        found.set(tag >> 3, this.#bytes.subarray(this.#at, end));
        this.#at = end;
      } else throw new BoltError("a key's record is of another form");
    }
    return found;
  }
}

/** mvccpb.KeyValue: 1 key, 3 mod_revision, 4 version. The key as one character a byte, so that texts sort as bytes do. */
function keyValue(value: Buffer): { key: string; modified: bigint; version: bigint } {
  const fields = new Fields(value).all();
  const [key, modified = 0n, version = 0n] = [fields.get(1), fields.get(3), fields.get(4)];
  if (!Buffer.isBuffer(key) || typeof modified !== "bigint" || typeof version !== "bigint")
    throw new BoltError("a key's record is of another form");
  return { key: key.toString("latin1"), modified, version };
}

/** A revision as bytes: the main one in 8, `_`, the sub one in 8, and `t` where the key was deleted by it. */
const mainOf = (revision: Buffer): bigint => {
  if (revision.length < 17) throw new BoltError("a revision is of another form");
  return revision.readBigUInt64BE(0);
};
const isTombstone = (revision: Buffer): boolean => revision.length === 18 && revision[17] === 0x74;

/** Revisions up to which history was dropped. They count where the changes themselves are gone. */
const COMPACTED = ["finishedCompactRev", "scheduledCompactRev"];

const textsIn = (bolt: Bolt, bucket: string): string[] =>
  [...bolt.entries(bucket)].map(([, value]) => value.toString("utf8"));

/** @throws BoltError where the file is broken */
export function contentsOf(bolt: Bolt): Contents {
  if (!bolt.has("key")) throw new BoltError("it is a bbolt database, but not one of etcd's");
  const live = new Map<string, { modified: bigint; version: bigint }>();
  let revision = 1n; // of an etcd that nobody has written to
  for (const [key, value] of bolt.entries("key")) {
    const main = mainOf(key);
    if (main > revision) revision = main;
    const { key: name, ...state } = keyValue(value);
    if (isTombstone(key)) live.delete(name);
    else live.set(name, state);
  }
  for (const [key, value] of bolt.entries("meta"))
    if (COMPACTED.includes(key.toString("utf8")) && mainOf(value) > revision) revision = mainOf(value);
  const cluster = new Map(
    [...bolt.entries("cluster")].map(([key, value]) => [key.toString("utf8"), value.toString("utf8")]),
  );
  const digest = new KeyDigest();
  for (const [name, { modified, version }] of [...live].sort(([one], [other]) => (one < other ? -1 : 1)))
    digest.add({
      ...{ key: Buffer.from(name, "latin1").toString("base64") },
      ...{ modified: modified.toString(), version: version.toString() },
    });
  const version = /^\d+\.\d+/.exec(cluster.get("clusterVersion") ?? "")?.[0];
  const names = textsIn(bolt, "members").map((text) => field(parsed(text), "name"));
  return {
    ...{ revision: Number(revision), ...digest.end(), clusterVersion: version },
    members: list(names)
      .filter((name) => typeof name === "string")
      .toSorted(),
  };
}
