/**
 * Whether what was read of a store is what was written to it: every acknowledged write is there, nothing comes from nowhere, and no
 * read goes back behind another. These are necessary conditions of linearizability (Herlihy and Wing, 1990) that can be checked without
 * a search, since each value is written once. Pure.
 */

/** Times are milliseconds of one clock. */
interface Operation {
  readonly key: string;
  /** Where it was asked. */
  readonly endpoint: string;
  readonly began: number;
  readonly ended: number;
}

export interface Write extends Operation {
  readonly kind: "write";
  /** Of all writes to its key, the only one with this value. */
  readonly value: string;
  /** A write without an answer (`unknown`) may count at any time after its beginning, or never. */
  readonly outcome: "acknowledged" | "refused" | "unknown";
}

export interface Read extends Operation {
  readonly kind: "read";
  /** Undefined where the key is not there. */
  readonly value: string | undefined;
}

export type History = readonly (Write | Read)[];

/** What is wrong with one read. */
export interface Violation {
  readonly rule: "lost" | "from nowhere" | "stale" | "back in time";
  readonly read: Read;
  /** The write, or the read before, that contradicts it. */
  readonly against: Write | Read | undefined;
}

const groupByKey = (history: History): Map<string, { writes: Write[]; reads: Read[] }> => {
  const groups = new Map<string, { writes: Write[]; reads: Read[] }>();
  for (const one of history) {
    const group = groups.get(one.key) ?? { writes: [], reads: [] };
    groups.set(one.key, group);
    if (one.kind === "write") group.writes.push(one);
    else group.reads.push(one);
  }
  return groups;
};

const acknowledged = (write: Write): boolean => write.outcome === "acknowledged";

/** Whether a write counted at the latest when another began: then it can't come after that one. */
const isBefore = (write: Write, other: Write): boolean => acknowledged(write) && write.ended < other.began;

function violationOf(read: Read, writes: readonly Write[], reads: readonly Read[]): Violation | undefined {
  const before = writes.filter((write) => acknowledged(write) && write.ended < read.began);
  if (read.value === undefined)
    return before.length === 0 ? undefined : { rule: "lost", read, against: before[0] };
  const source = writes.find((write) => write.value === read.value);
  if (source === undefined || source.outcome === "refused" || source.began > read.ended)
    return { rule: "from nowhere", read, against: source };
  const newer = before.find((write) => isBefore(source, write));
  if (newer !== undefined) return { rule: "stale", read, against: newer };
  const ahead = reads.find((other) => {
    if (other.ended >= read.began) return false;
    const seen = writes.find((write) => write.value === other.value);
    return seen !== undefined && isBefore(source, seen);
  });
  return ahead === undefined ? undefined : { rule: "back in time", read, against: ahead };
}

/** The reads that no order of the writes can explain. */
export const violations = (history: History): Violation[] =>
  [...groupByKey(history).values()].flatMap(({ writes, reads }) =>
    reads.flatMap((read) => violationOf(read, writes, reads) ?? []),
  );

/** A violation as a line for people. */
export function describeViolation({ rule, read, against }: Violation): string {
  const at = (one: Write | Read): string =>
    `${one.kind} of ${one.key} at ${one.endpoint} = ${one.value ?? "nothing"} ` +
    `(${one.began.toFixed(0)} to ${one.ended.toFixed(0)})`;
  return `${rule}: ${at(read)}${against === undefined ? "" : `, against ${at(against)}`}`;
}

export interface Figures {
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  readonly read: number;
}

export const figuresOf = (history: History): Figures => {
  const writes = history.filter((one) => one.kind === "write");
  const count = (outcome: Write["outcome"]): number => writes.filter((one) => one.outcome === outcome).length;
  return {
    acknowledged: count("acknowledged"),
    refused: count("refused"),
    unknown: count("unknown"),
    read: history.length - writes.length,
  };
};
