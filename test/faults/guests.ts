/** A cluster of real machines as `npm start` makes it, on a lab of the suite's own, and how it is struck. */
import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { enterCommand } from "../../lab/libvirt/index.ts";
import { requireHolder } from "../../lab/libvirt/holder.ts";
import { argumentsOf, processesIn } from "../../lab/libvirt/processes.ts";
import { labPaths, type LabContext } from "../../lab/shared/context.ts";
import { describeViolation, figuresOf, type Figures, type History, violations } from "./checker.ts";

const checkout = join(import.meta.dirname, "../..");
const labFolder = process.env["FAULTS_LAB_DIR"] ?? join(checkout, ".lab-faults");
/** What the CLI is run with. */
export const env = { CLUSTER_LAB_DIR: labFolder, NO_COLOR: "1" };
export const context: LabContext = {
  paths: labPaths(checkout, { ...process.env, ...env }),
  report: () => undefined,
};

export interface Answer {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  /** With standard error, as it came. */
  readonly all: string;
}

/** `npm run SCRIPT -- ARGUMENTS`, however it ends. */
async function answerOf(script: string, args: readonly string[]): Promise<Answer> {
  const command = ["run", "--silent", script, "--", ...args];
  const { exitCode, stdout, all } = await execa("npm", command, {
    ...{ cwd: checkout, env, all: true, reject: false, stdin: "ignore" },
  });
  return { exitCode, stdout, all };
}

/** `npm run cluster -- WORDS`, however it ends. */
export const cluster = (...words: string[]): Promise<Answer> => answerOf("cluster", words);

/** `npm run SCRIPT -- ARGUMENTS` to its end; fails with all that it printed. */
export async function npm(script: string, ...args: string[]): Promise<string> {
  const { exitCode, stdout, all } = await answerOf(script, args);
  assert.equal(exitCode, 0, `npm run ${script} ${args.join(" ")}:\n${all}`);
  return stdout;
}

export const removeLab = async (): Promise<void> => {
  await npm("stop");
  await rm(labFolder, { recursive: true, force: true });
};

/** Runs a command in the lab's namespaces. */
export async function inside(...command: string[]): Promise<string> {
  const [file = "", ...args] = [...enterCommand(context), ...command];
  return (await execa(file, args)).stdout;
}

export interface Member {
  readonly name: string;
  readonly url: string;
  readonly address: string;
}

export async function members(): Promise<readonly Member[]> {
  const outputs = JSON.parse(await npm("cluster", "exec", "pulumi", "stack", "output", "--json")) as {
    nodes: { name: string; addresses: string[] }[];
  };
  return outputs.nodes.map(({ name, addresses: [address = "?"] }) => ({
    ...{ name, address, url: `http://${address}:2379` },
  }));
}

interface Health {
  readonly endpoint: string;
  readonly health: string;
  readonly members: readonly unknown[];
}

/** What each member says of its health, and how many members it knows; asked live. */
export async function health(all: readonly Member[]): Promise<string[]> {
  const out = await inside("node", "--no-warnings", "commands/health.ts", ...all.map(({ url }) => url));
  return (JSON.parse(out) as Health[]).map(
    ({ endpoint, health: said, members: known }) => `${endpoint}: ${said}, knows ${known.length}`,
  );
}

export const healthy = (all: readonly Member[]): string[] =>
  all.map(({ url }) => `${url}: healthy, knows ${all.length}`);

/** Asks until all are healthy; fails with what they said last. */
export async function becomesHealthy(all: readonly Member[], seconds: number): Promise<void> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const said = await health(all);
    if (Date.now() > until) assert.deepEqual(said, healthy(all));
    if (said.join() === healthy(all).join()) return;
    await sleep(1000);
  }
}

/** The process of a machine, as this machine counts. */
export function qemuOf(name: string): number {
  const { namespaces } = requireHolder(context.paths);
  const found = processesIn({ pid: namespaces.pid }).filter((pid) =>
    argumentsOf(pid).some((word) => word.startsWith(`guest=${name},`)),
  );
  assert.equal(found.length, 1, `processes of ${name}`);
  return found[0] ?? 0;
}

/** The device on the host's side of a machine's network card. */
export async function tapOf(name: string): Promise<string> {
  const list = await inside("virsh", "--quiet", "domiflist", name);
  const [tap = ""] = list.trim().split(/\s+/);
  return tap;
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Writers and readers at all members, until they are told to end. */
export class Load {
  readonly #history: History[number][] = [];
  readonly #child: Child;
  readonly #urls: readonly string[];
  #rest = "";

  constructor(all: readonly Member[], prefix: string) {
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

  /** Ends the load, reads all that was written at each member, and fails unless every acknowledged write is there. */
  async endsWell(): Promise<Figures> {
    const closed = once(this.#child, "close");
    this.#child.stdin.end();
    await closed;
    const keys = new Set(this.#history.map(({ key }) => key));
    const reader = Load.#run("read", ...this.#urls);
    const read = once(reader, "close");
    reader.stdout.on("data", (chunk: Buffer) => {
      this.#take(chunk.toString());
    });
    reader.stdin.end([...keys].join("\n"));
    const [code] = (await read) as [number | null];
    assert.equal(code, 0, "the reader failed");
    const finals = this.#history.filter(({ kind }) => kind === "read").length;
    assert.ok(finals >= keys.size * this.#urls.length, `${finals} reads of ${keys.size} keys`);
    assert.deepEqual(violations(this.#history).map(describeViolation), []);
    return figuresOf(this.#history);
  }

  /** Ends the processes, whatever happened. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
