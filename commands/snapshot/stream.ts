/**
 * The answer of etcd's `maintenance/snapshot` by its JSON gateway: one JSON document a line, each with the next bytes of
 * the database in base64 (etcdserverpb.SnapshotResponse), the last one with their sha256. Pure.
 */
import { field, parsed } from "../http.ts";

/** The stream is no snapshot, or a member ended it with an error. */
export class SnapshotStreamError extends Error {
  override name = "SnapshotStreamError";
}

/** Bytes of one line: etcd sends 32 KiB a line; nothing that is longer than this is one. */
const LONGEST = 16 * 2 ** 20;

const NEWLINE = 0x0a;

/** What a gateway puts into `error`: an object with a message, or a text. */
function reason(error: unknown): string {
  const message = field(error, "message") ?? field(error, "grpc_code") ?? error;
  return typeof message === "string" ? message : JSON.stringify(message);
}

/** Takes chunks as they come, whatever their borders, and gives the bytes that are in them. */
export class SnapshotStream {
  #rest: Buffer[] = [];
  #length = 0;
  #remaining: bigint | undefined;

  /** Bytes that are still to come, by the member's own word; undefined before the first line. */
  get remaining(): bigint | undefined {
    return this.#remaining;
  }

  /** @throws SnapshotStreamError */
  add(chunk: Buffer): Buffer[] {
    const found: Buffer[] = [];
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, from);
      if (end < 0) break;
      const line = Buffer.concat([...this.#rest, chunk.subarray(from, end)]).toString("utf8");
      this.#rest = [];
      this.#length = 0;
      from = end + 1;
      if (line.trim() !== "") found.push(this.#blob(line));
    }
    const left = chunk.subarray(from);
    this.#length += left.length;
    if (this.#length > LONGEST) throw new SnapshotStreamError("the answer is no snapshot: a line has no end");
    if (left.length > 0) this.#rest.push(left);
    return found;
  }

  /** @throws SnapshotStreamError where the stream ended in the middle of a document */
  end(): Buffer[] {
    return this.#length === 0 ? [] : this.add(Buffer.from("\n"));
  }

  #blob(line: string): Buffer {
    const document = parsed(line);
    const error = field(document, "error");
    if (error !== undefined) throw new SnapshotStreamError(reason(error));
    const result = field(document, "result");
    const blob = field(result, "blob") ?? "";
    if (typeof result !== "object" || typeof blob !== "string")
      throw new SnapshotStreamError(
        `the answer is no snapshot, or was cut off; it says ${JSON.stringify(line.slice(0, 80))}`,
      );
    // The gateway leaves out what is 0.
    const remaining = field(result, "remaining_bytes") ?? "0";
    if (typeof remaining === "string" && /^\d+$/.test(remaining)) this.#remaining = BigInt(remaining);
    return Buffer.from(blob, "base64");
  }
}
