/** Faults as tests, and what came of them as a table in docs/reliability.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";

/**
 * `FAULTS=short` runs the trials that are marked short, as `npm test` does; else all run, and the table is written.
 * `FAULTS=dry` runs all and writes nothing.
 */
const mode = process.env["FAULTS"] ?? "all";
export const isShort = mode === "short";

export const page = join(import.meta.dirname, "../../docs/reliability.md");

/** A row of the table. */
export interface Fault {
  readonly fault: string;
  /** What is done about it, in words of the documentation. */
  readonly recovery: string;
}

export interface Counts {
  readonly held: number;
  readonly tried: number;
  /** Seconds from the beginning of the recovery to its end, of each trial that has one. */
  readonly seconds: readonly number[];
}

/** Runs the recovery of a trial, which is timed. */
export type Recover = <T>(work: () => Promise<T>) => Promise<T>;

export type Trial = (
  title: string,
  work: (recover: Recover) => Promise<void>,
  options?: { readonly short?: boolean },
) => void;

/**
 * A fault with its trials: each holds when its test passes. A trial looks itself at what is left in the end.
 * @param define registers the trials, and hooks where it needs any.
 */
export function describeFault(row: Fault, define: (trial: Trial) => void): void {
  describe(row.fault, () => {
    const seconds: number[] = [];
    let [tried, held] = [0, 0];
    define((title, work, { short = false } = {}) => {
      if (isShort && !short) return;
      it(title, async () => {
        tried += 1;
        await work(async (recovery) => {
          const began = performance.now();
          const result = await recovery();
          seconds.push((performance.now() - began) / 1000);
          return result;
        });
        held += 1;
      });
    });
    after(async () => {
      if (mode === "all" && tried > 0) await write(row, { held, tried, seconds });
    });
  });
}

const median = (numbers: readonly number[]): number | undefined =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** "12 s", "3 min"; a dash where nothing had to be done. */
const inWords = (seconds: number | undefined): string => {
  if (seconds === undefined) return "-";
  return seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;
};

const rowOf = ({ fault, recovery }: Fault, { held, tried, seconds }: Counts): string =>
  `| ${fault} | ${recovery} | ${held} of ${tried} | ${inWords(median(seconds))} |`;

const HEAD = ["| fault | what is done | held | it takes |", "| --- | --- | --- | --- |"];
const TABLE = /(<!-- faults -->\n)([\s\S]*?)(<!-- end -->)/;

/**
 * The page with the row put in: over the one of the same fault, else below the others. Pure.
 * @throws Error where the page has no table to fill
 */
export function withRow(text: string, fault: Fault, counts: Counts): string {
  if (!TABLE.test(text)) throw new Error(`${page} has no <!-- faults --> and <!-- end -->`);
  return text.replace(TABLE, (_, begin: string, table: string, end: string) => {
    const rows = table
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .slice(2);
    const isSame = (row: string): boolean => row.split("|")[1]?.trim() === fault.fault;
    const own = rowOf(fault, counts);
    const all = rows.some(isSame) ? rows.map((row) => (isSame(row) ? own : row)) : [...rows, own];
    return `${begin}\n${[...HEAD, ...all].join("\n")}\n\n${end}`;
  });
}

async function write(fault: Fault, counts: Counts): Promise<void> {
  const text = withRow(readFileSync(page, "utf8"), fault, counts);
  writeFileSync(page, await format(text, { ...(await resolveConfig(page)), parser: "markdown" }));
}
