/**
 * A load on an etcd cluster, and what came of it; run inside the lab's network.
 *
 * usage: node load.ts write PREFIX URL...   until standard input ends: a line of JSON for each operation (checker.ts)
 *        node load.ts read URL... <KEYS     reads each key (a line each) at each URL
 *        node load.ts range PREFIX URL... <KEYS   the same, with one question for all keys below the prefix
 *
 * For each URL there is a writer with keys of its own, each written once. Besides, all of them in turn are used to write
 * one key again and again, and to read it.
 */
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Read, Write } from "./checker.ts";

/** Milliseconds; longer than an election takes here is not waited: who is cut off shall not hold up the others for long. */
const TIME_LIMIT = 4000;
/** Milliseconds between two operations of one writer: guests are slow where there is no KVM, and shall not be made sick by the load. */
const PAUSE = 150;

/** Milliseconds that a read in the end may take, with all that is asked again. */
const PATIENCE = 60_000;
/** Questions to one member at a time where all that was written is read: one after the other takes longer than the load did. */
const AT_ONCE = 16;

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const now = (): number => performance.timeOrigin + performance.now();

const call = async (url: string, path: string, body: object, limit: number): Promise<unknown> => {
  const signal = AbortSignal.timeout(limit);
  const answer = await fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(body), signal });
  if (!answer.ok) throw new Error(`status ${answer.status}: ${await answer.text()}`);
  return await answer.json();
};

const tell = (operation: Read | Write): void => {
  process.stdout.write(`${JSON.stringify(operation)}\n`);
};

async function write(endpoint: string, key: string, value: string): Promise<void> {
  const began = now();
  const outcome = await call(
    endpoint,
    "/v3/kv/put",
    { key: base64(key), value: base64(value) },
    TIME_LIMIT,
  ).then(
    () => "acknowledged" as const,
    // Also an error that etcd answers with can come after the write was proposed (a leader that changes).
    () => "unknown" as const,
  );
  tell({ kind: "write", key, value, endpoint, began, ended: now(), outcome });
}

/** A linearizable read, as etcd's are unless one asks for `serializable`. */
async function read(endpoint: string, key: string, limit: number): Promise<Read> {
  const began = now();
  const answer = (await call(endpoint, "/v3/kv/range", { key: base64(key) }, limit)) as {
    kvs?: { value?: string }[];
  };
  const [found] = answer.kvs ?? [];
  const value = found === undefined ? undefined : Buffer.from(found.value ?? "", "base64").toString();
  return { kind: "read", key, value, endpoint, began, ended: now() };
}

/** What is there can be read in the end, be it that a busy member times out at first: then it is asked again. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const until = now() + PATIENCE;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (now() > until) throw error;
      await sleep(PAUSE);
    }
  }
}

async function load(prefix: string, urls: readonly string[]): Promise<void> {
  let going = true;
  const until = async (work: (round: number) => Promise<void>): Promise<void> => {
    for (let round = 0; going; round += 1) {
      await work(round);
      await sleep(PAUSE);
    }
  };
  const turn = (round: number): string => urls[round % urls.length] ?? "";
  const shared = `${prefix}/shared`;
  const all = [
    ...urls.map((url, index) => until((round) => write(url, `${prefix}/${index}/${round}`, String(round)))),
    until((round) => write(turn(round), shared, String(round))),
    until(async (round) => {
      const seen = await read(turn(round + 1), shared, TIME_LIMIT).catch(() => undefined);
      if (seen !== undefined) tell(seen);
    }),
  ];
  process.stdin.resume();
  process.stdin.once("end", () => {
    going = false;
  });
  await Promise.all(all);
}

/** As etcd's clients ask for all keys that begin with a text: up to the one whose last byte is one more. */
const rangeEnd = (prefix: string): string => {
  const bytes = Buffer.from(prefix);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) + 1, bytes.length - 1);
  return bytes.toString("base64");
};

async function readTogether(prefix: string, urls: readonly string[]): Promise<void> {
  const keys = await keysOfInput();
  const one = async (endpoint: string): Promise<void> => {
    const question = { key: base64(`${prefix}/`), range_end: rangeEnd(`${prefix}/`) };
    const { kvs = [], began } = await patiently(async () => ({
      began: now(),
      ...((await call(endpoint, "/v3/kv/range", question, PATIENCE)) as {
        kvs?: { key: string; value?: string }[];
      }),
    }));
    const ended = now();
    const found = new Map(kvs.map(({ key, value = "" }) => [key, Buffer.from(value, "base64").toString()]));
    for (const key of keys)
      tell({ kind: "read", key, value: found.get(base64(key)), endpoint, began, ended });
  };
  await Promise.all(urls.map(one));
}

async function keysOfInput(): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of createInterface(process.stdin)) keys.push(key);
  return keys;
}

async function readAll(urls: readonly string[]): Promise<void> {
  const keys = await keysOfInput();
  const one = async (url: string): Promise<void> => {
    for (let at = 0; at < keys.length; at += AT_ONCE)
      for (const seen of await Promise.all(
        keys.slice(at, at + AT_ONCE).map((key) => patiently(() => read(url, key, PATIENCE))),
      ))
        tell(seen);
  };
  await Promise.all(urls.map(one));
}

const [verb, ...words] = process.argv.slice(2);
if (verb === "read") await readAll(words);
else if (verb === "range") await readTogether(words[0] ?? "", words.slice(1));
else await load(words[0] ?? "", words.slice(1));
