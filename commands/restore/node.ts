/** A node during a restore: the steps of node.sh, run there through ssh as core. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { shellCommand } from "../../host/shell.ts";
import { UserError } from "../ui/errors.ts";
import { wasInterrupted } from "../ui/interrupt.ts";

/** What an earlier restore that did not end has left on a node; see node.sh. */
export type Leftover = "none" | "begun" | "swapped" | "settled";

/** What a node says of its etcd. */
export interface NodeFacts {
  /** The node's name. */
  readonly node: string;
  /** etcd's, as the unit gives it; empty where it gives none. */
  readonly name: string;
  /** Its first peer URLs, with commas between, as the unit gives them; empty where it gives none. */
  readonly peers: string;
  readonly dataFolder: string;
  /** Set where the write-ahead log lies elsewhere. */
  readonly walFolder: string;
  readonly leftover: Leftover;
  /** The sha256 of the snapshot that an earlier restore was of. */
  readonly source: string;
  /** Bytes. */
  readonly free: number;
}

/** Pure. @throws Error for an answer that is none */
export function parseFacts(node: string, text: string): NodeFacts {
  const found = new Map(
    text.split("\n").flatMap((line) => {
      const [, key, value] = /^([a-z]+)=(.*)$/.exec(line) ?? [];
      return key === undefined ? [] : [[key, value ?? ""] as const];
    }),
  );
  const of = (key: string): string => found.get(key) ?? "";
  const leftover = (["none", "begun", "swapped", "settled"] as const).find((one) => one === of("state"));
  if (leftover === undefined) throw new Error(`an answer that is none: ${text.slice(0, 200)}`);
  return {
    ...{ node, name: of("name"), peers: of("peers"), dataFolder: of("data"), walFolder: of("wal") },
    ...{ leftover, source: of("source"), free: Number(of("free")) },
  };
}

/** The steps as a word of a command line, so that standard input is free for data: a login costs an emulated node seconds. */
const SCRIPT = readFileSync(join(import.meta.dirname, "node.sh")).toString("base64");
const DECODED = 'eval "$(printf %s "$0" | base64 -d)"';

/** Milliseconds: an emulated node that is busy takes its time. */
const STEP_LIMIT = 10 * 60_000;
/** How long a node that is not reached is tried again: it may be starting. */
const PATIENCE = 3 * 60_000;
const PAUSE = 5000;

/** The command line that runs words on a node, as core. */
export type NodeCommand = (words: readonly string[]) => string[];

export class RestoreNode {
  readonly name: string;
  readonly #command: NodeCommand;

  constructor(name: string, command: NodeCommand) {
    this.name = name;
    this.#command = command;
  }

  /**
   * Runs one step of node.sh.
   * @param input a file that is its standard input
   * @param patient tries a node that can't be reached again, for some minutes
   * @param limit milliseconds that it may take
   * @throws UserError with the node's own words
   */
  async step(
    step: string,
    args: readonly string[] = [],
    {
      input,
      patient = true,
      limit = STEP_LIMIT,
    }: { readonly input?: string; readonly patient?: boolean; readonly limit?: number } = {},
  ): Promise<string> {
    const words = ["sudo", "-n", "sh", "-c", DECODED, SCRIPT, step, ...args];
    const [file = "", ...rest] = this.#command([shellCommand(words)]);
    const from = input === undefined ? { stdin: "ignore" as const } : { inputFile: input };
    const until = Date.now() + (patient ? PATIENCE : 0);
    for (;;) {
      const result = await execa(file, rest, { ...from, reject: false, timeout: limit });
      if (!result.failed) return result.stdout;
      // ssh's own failures are 255.
      if (result.exitCode !== 255 || Date.now() > until || wasInterrupted())
        throw new UserError(`${this.name}: ${result.stderr.trim() || `exit code ${result.exitCode ?? "?"}`}`);
      await sleep(PAUSE);
    }
  }

  async facts(limit = STEP_LIMIT): Promise<NodeFacts> {
    return parseFacts(this.name, await this.step("facts", [], { patient: false, limit }));
  }
}
