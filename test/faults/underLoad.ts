/** A cluster of real machines under a load of writes: what is struck meanwhile has to lose nothing that was acknowledged. */
import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { enterCommand } from "../../lab/libvirt/index.ts";
import { pictureOfLab } from "../support/leaks.ts";
import { differences } from "../support/picture.ts";
import { describeViolation, figuresOf, type Figures, type History, violations } from "./checker.ts";
import { becomesHealthy, context, health, healthy, type Member } from "./guests.ts";

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Writers and readers at all members, until they are told to end. */
export class Load {
  readonly #history: History[number][] = [];
  readonly #child: Child;
  readonly #urls: readonly string[];
  readonly #prefix: string;
  #rest = "";

  constructor(all: readonly Member[], prefix: string) {
    this.#prefix = prefix;
    this.#urls = all.map(({ url }) => url);
    this.#child = Load.#run("write", prefix, ...this.#urls);
    this.#child.stdout.on("data", (chunk: Buffer) => {
      this.#take(chunk.toString());
    });
  }

  static #run(...words: string[]): Child {
    const script = join(import.meta.dirname, "load.ts");
    const [file = "", ...args] = [...enterCommand(context), "node", "--no-warnings", script, ...words];
    return spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#history.push(JSON.parse(line) as History[number]);
  }

  /** Acknowledged writes up to now. */
  get acknowledged(): number {
    return figuresOf(this.#history).acknowledged;
  }

  /** Waits until so many more writes are acknowledged. */
  async goesOn(more: number, seconds: number): Promise<void> {
    const [goal, until] = [this.acknowledged + more, Date.now() + seconds * 1000];
    while (this.acknowledged < goal) {
      assert.ok(
        Date.now() < until,
        `${this.acknowledged} writes acknowledged, not ${goal}, within ${seconds} s`,
      );
      await sleep(200);
    }
  }

  /**
   * Ends the load, reads all that was written at each member, and fails unless every acknowledged write is there.
   * @param how as {@link isStillThere} does: after many minutes of load one key after the other takes many more.
   */
  async endsWell(how: "one by one" | "together" = "one by one"): Promise<Figures> {
    const closed = once(this.#child, "close");
    this.#child.stdin.end();
    await closed;
    await this.isStillThere(how);
    return figuresOf(this.#history);
  }

  /**
   * Reads all that was written at each member, once more, and fails unless every acknowledged write is there.
   * @param how one key after the other, or all in one question.
   */
  async isStillThere(how: "one by one" | "together" = "one by one"): Promise<void> {
    const keys = new Set(this.#history.map(({ key }) => key));
    const reads = (): number => this.#history.filter(({ kind }) => kind === "read").length;
    const before = reads();
    const reader =
      how === "together" ? Load.#run("range", this.#prefix, ...this.#urls) : Load.#run("read", ...this.#urls);
    const read = once(reader, "close");
    reader.stdout.on("data", (chunk: Buffer) => {
      this.#take(chunk.toString());
    });
    reader.stdin.end([...keys].join("\n"));
    const [code] = (await read) as [number | null];
    assert.equal(code, 0, "the reader failed");
    assert.equal(reads() - before, keys.size * this.#urls.length, `reads of ${keys.size} keys`);
    assert.deepEqual(violations(this.#history).map(describeViolation), []);
  }

  /** Ends the processes, whatever happened. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

/**
 * Strikes a cluster between two looks at its health and at the lab, under load: it is healthy before and after, writes go on, every
 * acknowledged one is there, and the lab is as it was.
 * @param prefix of the keys; another one for each time.
 * @param strike does it, and what is done about it.
 * @returns the load, for a look at its keys later.
 */
export async function underLoad(
  all: readonly Member[],
  prefix: string,
  strike: (load: Load) => Promise<void>,
): Promise<Load> {
  await becomesHealthy(all, 120);
  const before = await pictureOfLab(context);
  const load = new Load(all, prefix);
  try {
    await load.goesOn(20, 60);
    await strike(load);
    assert.deepEqual(await health(all), healthy(all));
    await load.goesOn(20, 60);
    const { acknowledged, unknown, read } = await load.endsWell();
    console.log(
      `        ${acknowledged} acknowledged, ${unknown} without an answer, ${read} reads: all there`,
    );
  } finally {
    load.kill();
  }
  assert.deepEqual(differences(before, await pictureOfLab(context)), []);
  return load;
}
