import { deepEqual, equal, match } from "node:assert/strict";
import fc from "fast-check";
import {
  describeViolation,
  figuresOf,
  type History,
  type Read,
  violations,
  type Write,
} from "../../faults/checker.ts";

const write = (
  value: string,
  began: number,
  ended: number,
  outcome: Write["outcome"] = "acknowledged",
): Write => ({
  ...{ kind: "write", key: "k", endpoint: "a", value, began, ended, outcome },
});
const read = (value: string | undefined, began: number, ended: number): Read => ({
  ...{ kind: "read", key: "k", endpoint: "b", value, began, ended },
});
const rules = (...history: History): string[] => violations(history).map(({ rule }) => rule);

/** Histories by hand, with what the checker says of them. */
const TABLE: readonly (readonly [string, History, readonly string[]])[] = [
  ["nothing happened", [], []],
  ["an acknowledged write is read", [write("1", 0, 1), read("1", 2, 3)], []],
  ["an acknowledged write is not there", [write("1", 0, 1), read(undefined, 2, 3)], ["lost"]],
  ["a read beside the write sees nothing yet", [write("1", 0, 5), read(undefined, 2, 3)], []],
  ["a read beside the write sees it already", [write("1", 0, 5), read("1", 2, 3)], []],
  ["a write without an answer is there", [write("1", 0, 1, "unknown"), read("1", 2, 3)], []],
  ["a write without an answer is not there", [write("1", 0, 1, "unknown"), read(undefined, 2, 3)], []],
  ["a refused write is there", [write("1", 0, 1, "refused"), read("1", 2, 3)], ["from nowhere"]],
  ["a value that nobody wrote", [read("9", 2, 3)], ["from nowhere"]],
  ["a value that is written later", [read("1", 0, 1), write("1", 2, 3)], ["from nowhere"]],
  ["an old value behind a new one", [write("1", 0, 1), write("2", 2, 3), read("1", 4, 5)], ["stale"]],
  ["one of two writes side by side", [write("1", 0, 3), write("2", 1, 3), read("1", 4, 5)], []],
  ["an old value while the new one is written", [write("1", 0, 1), write("2", 2, 9), read("1", 3, 4)], []],
  [
    "the new value, then the old one again",
    [write("1", 0, 1), write("2", 2, 9), read("2", 3, 4), read("1", 5, 6)],
    ["back in time"],
  ],
  [
    "a write without an answer that counts late",
    [write("1", 0, 1, "unknown"), write("2", 2, 3), read("2", 4, 5), read("1", 6, 7)],
    [],
  ],
];

/** A run of a true register: each operation takes effect at one moment between its beginning and its end. */
const truthful = fc
  .array(
    fc.record({
      writes: fc.boolean(),
      began: fc.integer({ min: 0, max: 1000 }),
      length: fc.integer({ min: 1, max: 200 }),
      at: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      answered: fc.boolean(),
      counts: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  .map((operations) => {
    let now: string | undefined;
    return operations
      .map((operation) => ({ ...operation, moment: operation.began + operation.at * operation.length }))
      .toSorted((a, b) => a.moment - b.moment)
      .map(({ writes, began, length, answered, counts }, index): Write | Read => {
        const ended = began + length;
        if (!writes) return read(now, began, ended);
        if (answered || counts) now = String(index);
        return write(String(index), began, ended, answered ? "acknowledged" : "unknown");
      });
  });

describe("the checker of acknowledged writes", () => {
  for (const [title, history, expected] of TABLE)
    it(title, () => {
      deepEqual(rules(...history), expected);
    });

  it("finds nothing wrong with a true register", () => {
    fc.assert(
      fc.property(truthful, (history) => {
        deepEqual(violations(history), []);
      }),
    );
  });

  it("finds every acknowledged write that a store forgets", () => {
    fc.assert(
      fc.property(truthful, (history) => {
        const last = 10_000;
        const finals = history
          .filter((one) => one.kind === "write")
          .map((one) => ({ ...one, key: `own-${one.value}` }));
        const forgotten = finals.map((one): Read => ({ ...read(undefined, last, last + 1), key: one.key }));
        equal(
          violations([...finals, ...forgotten]).length,
          finals.filter(({ outcome }) => outcome === "acknowledged").length,
        );
      }),
    );
  });

  it("finds a register that goes back to an older value", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 30 }), fc.nat(), (length, seed) => {
        const writes = Array.from({ length }, (_, index) => write(String(index), 10 * index, 10 * index + 5));
        const old = seed % (length - 1);
        deepEqual(rules(...writes, read(String(old), 10 * length, 10 * length + 1)), ["stale"]);
      }),
    );
  });

  it("keeps keys apart", () => {
    deepEqual(rules(write("1", 0, 1), { ...read(undefined, 2, 3), key: "other" }), []);
  });

  it("says what contradicts a read, and counts", () => {
    const history = [
      write("1", 0, 1),
      write("2", 1, 2, "unknown"),
      write("3", 2, 3, "refused"),
      read(undefined, 4, 5),
    ];
    deepEqual(figuresOf(history), { acknowledged: 1, refused: 1, unknown: 1, read: 1 });
    match(
      violations(history).map(describeViolation).join(),
      /^lost: read of k at b = nothing \(4 to 5\), against write of k at a = 1 \(0 to 1\)$/,
    );
  });
});
