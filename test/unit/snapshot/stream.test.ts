/** etcd's snapshot stream, however its bytes are cut. */
import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { SnapshotStream, SnapshotStreamError } from "../../../commands/snapshot/stream.ts";

const line = (blob: Buffer, remaining: number): string => {
  // As the gateway does: what is empty or 0 is left out.
  const result = {
    ...(remaining === 0 ? {} : { remaining_bytes: String(remaining) }),
    ...(blob.length === 0 ? {} : { blob: blob.toString("base64") }),
  };
  return `${JSON.stringify({ result })}\n`;
};

const read = (chunks: readonly Buffer[]): Buffer => {
  const stream = new SnapshotStream();
  const found = chunks.flatMap((chunk) => stream.add(chunk));
  return Buffer.concat([...found, ...stream.end()]);
};

/** Cuts bytes at the places that the fractions name. */
function cut(bytes: Buffer, fractions: readonly number[]): Buffer[] {
  const places = [0, ...fractions.map((one) => Math.floor(one * bytes.length)).sort((a, b) => a - b)];
  return places.map((from, index) => bytes.subarray(from, places[index + 1] ?? bytes.length));
}

describe("a snapshot's stream", () => {
  const blobs = fc.array(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    { maxLength: 8 },
  );
  const fractions = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 });

  it("gives the same bytes wherever its chunks begin and end", () => {
    fc.assert(
      fc.property(blobs, fractions, fc.boolean(), (parts, places, lastNewline) => {
        const text = parts.map((blob, index) => line(blob, parts.length - index - 1)).join("");
        const bytes = Buffer.from(lastNewline ? text : text.replace(/\n$/, ""));
        deepEqual(read(cut(bytes, places)), Buffer.concat(parts));
      }),
    );
  });

  it("is refused when it is cut off in the middle of a document", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (left) => {
        const bytes = Buffer.from(line(Buffer.alloc(64, 7), 0));
        throws(() => read([bytes.subarray(0, bytes.length - 1 - left)]), SnapshotStreamError);
      }),
    );
  });

  it("tells what remains, by the member's word", () => {
    const stream = new SnapshotStream();
    equal(stream.remaining, undefined);
    stream.add(Buffer.from(line(Buffer.from("a"), 4096)));
    equal(stream.remaining, 4096n);
    stream.add(Buffer.from(line(Buffer.from("b"), 0)));
    equal(stream.remaining, 0n);
  });

  for (const [what, text, says] of [
    ["3.4's error", '{"error":{"grpc_code":14,"http_code":503,"message":"stopped"}}\n', /: stopped$/],
    ["a newer one's error", '{"error":{"code":2,"message":"no space"}}\n', /: no space$/],
    ["an error in a word", '{"error":"etcdserver: permission denied"}\n', /permission denied/],
    ["a page of a web server", "<html>\n", /no snapshot.*<html>/],
    ["another answer", '{"header":{}}\n', /no snapshot/],
    ["a list", "[1]\n", /no snapshot/],
  ] as const)
    it(`says what is wrong: ${what}`, () => {
      throws(() => read([Buffer.from(line(Buffer.from("begun"), 1) + text)]), says);
    });

  it("does not collect for ever what has no end", () => {
    const stream = new SnapshotStream();
    throws(() => {
      for (let count = 0; count < 100; count++) stream.add(Buffer.alloc(2 ** 20, 97));
    }, /has no end/);
  });
});
