/** Progress for people: one line per phase with its time, and on a terminal a spinner that says what goes on. */
import ora, { type Ora } from "ora";
import { styleText } from "node:util";
import { messageOf } from "./errors.ts";

/** "0.4 s", "12 s", "3 min 05 s". */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

const paint = (format: Parameters<typeof styleText>[0], text: string): string =>
  styleText(format, text, { stream: process.stderr });

const cross = (): string => paint("red", "✖");

/**
 * Phases of a long command, one after the other or side by side. Lines go to stderr, so that stdout holds only
 * results; where stderr is no terminal there is neither spinner nor colour, and no spinner on one without a width.
 */
export class Phases {
  readonly #active = new Map<string, string>();
  readonly #spinner: Ora | undefined;

  constructor() {
    // A terminal that does not tell its width (some serial lines, `docker exec -t`, expect) says 0: ora would clear endless lines there.
    this.#spinner =
      process.stderr.isTTY && process.stderr.columns > 0
        ? ora({ stream: process.stderr, discardStdin: false, hideCursor: true })
        : undefined;
  }

  /**
   * Runs one phase and prints its line when it ends.
   * @param work is given a way to say what it is doing; what it returns in `note` ends the phase's line, which has the mark of a failure where
   *   it says that it `failed`.
   */
  async run<T>(
    title: string,
    work: (report: (detail: string) => void) => Promise<{ note: string; value: T; failed?: boolean }>,
  ): Promise<T> {
    const began = performance.now();
    this.#show(title, "");
    try {
      const {
        note,
        value,
        failed = false,
      } = await work((detail) => {
        this.#show(title, detail);
      });
      this.#end(
        title,
        `${failed ? cross() : paint("green", "✔")} ${title}${note === "" ? "" : `: ${note}`}`,
        began,
      );
      return value;
    } catch (error) {
      this.#end(title, `${cross()} ${title}`, began);
      throw error;
    }
  }

  /** Prints a line between the phases' lines. */
  say(text: string): void {
    this.#print(`  ${text}`);
  }

  /** Prints what is worth a look, with the lines that belong to it below. */
  warn(text: string): void {
    this.#print(`  ${paint("yellow", "!")} ${text.replaceAll("\n", "\n    ")}`);
  }

  #show(title: string, detail: string): void {
    this.#active.set(title, detail);
    if (this.#spinner === undefined) return;
    const width = process.stderr.columns - 6;
    const text = [...this.#active].map(([name, now]) => (now === "" ? name : `${name}: ${now}`)).join(" · ");
    this.#spinner.text = text.length > width ? `${text.slice(0, width - 1)}…` : text;
    if (!this.#spinner.isSpinning) this.#spinner.start();
  }

  #end(title: string, line: string, began: number): void {
    this.#active.delete(title);
    this.#print(`  ${line} ${paint("dim", `(${duration(performance.now() - began)})`)}`);
    if (this.#active.size === 0) this.#spinner?.stop();
  }

  #print(line: string): void {
    this.#spinner?.clear();
    process.stderr.write(`${line}\n`);
    if (this.#spinner?.isSpinning) this.#spinner.render();
  }
}

/**
 * Waits for work that runs side by side: all of it ends before the first failure is reported, so that no program runs on
 * behind the prompt, and every failure is told.
 */
export async function together<T extends readonly unknown[]>(work: {
  readonly [K in keyof T]: Promise<T[K]>;
}): Promise<T> {
  const settled = await Promise.allSettled<unknown>(work);
  const failures = settled.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) {
    const words = failures.map((failure) => messageOf(failure));
    throw new AggregateError(failures, words.join("\n\nand: "));
  }
  return settled.map((one) => (one as PromiseFulfilledResult<unknown>).value) as unknown as T;
}
