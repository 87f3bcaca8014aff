/**
 * A watch over the libvirt provider while it makes things, run in the program. When the libvirt daemon ends in the middle of an upload, the provider
 * (terraform-provider-libvirt 0.8.3 over go-libvirt) waits for ever: go-libvirt's `requestStream` waits to tell its sender to stop,
 * and the sender has stopped by itself and waits to tell why. So a connection of our own, of the same kind, is kept beside: when it is
 * lost, the provider gets a while to notice by itself, then its process is ended, and Pulumi fails as with any other error.
 * Linux only, where processes can be told apart by /proc: elsewhere such a run is ended by Ctrl-C, twice.
 */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { isLocal } from "./virsh.ts";
import { virshsUri } from "./sharedSsh.ts";

/** A process, as far as it matters to whom it belongs. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  /** The program's name. */
  readonly program: string;
}

/** All processes of this machine that may be looked at; none where there is no /proc. */
export function processes(): ProcessRow[] {
  let names: string[];
  try {
    names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      // pid (program) state parent ...; a program's name may hold brackets and blanks.
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const parent = Number(/\) \S (\d+) /.exec(stat.slice(stat.lastIndexOf(")")))?.[1] ?? 0);
      return [{ pid: Number(name), parent, program: basename(readlinkSync(`/proc/${name}/exe`)) }];
    } catch {
      return []; // it ended, or is somebody else's
    }
  });
}

/**
 * The libvirt providers of the Pulumi run that this process is part of: those that have `engine`, the nearest `pulumi` above this
 * process, above them, too. Pure.
 */
export function providersOf(all: readonly ProcessRow[], self: number): number[] {
  const byPid = new Map(all.map((row) => [row.pid, row]));
  const above = (pid: number): ProcessRow[] => {
    const found: ProcessRow[] = [];
    for (
      let row = byPid.get(pid);
      row !== undefined && found.length < all.length;
      row = byPid.get(row.parent)
    )
      found.push(row);
    return found;
  };
  const engine = above(self).find(({ program }) => program === "pulumi")?.pid;
  if (engine === undefined) return [];
  return all
    .filter(({ program }) => program.startsWith("terraform-provider-libvirt"))
    .filter(({ pid }) => above(pid).some((row) => row.pid === engine))
    .map(({ pid }) => pid);
}

/** Bytes that a process has written, to files and to others; what it has when nobody may know: 0. */
function writtenBy(pid: number): number {
  try {
    return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** What virsh says when its connection is lost (virsh's own texts, in English by LC_ALL). */
const LOST = /Disconnected from|end of file|connection (was )?(closed|reset)|keepalive/i;

/** Seconds between virsh's questions whether the host is still there, and how many may go unanswered: a busy host is not a lost one. */
const KEEPALIVE = { interval: "10", count: "6" } as const;

/** Milliseconds that the provider has to notice by itself that its connection is lost. */
const GRACE = 20_000;

/** Bytes written in that time that show an upload which goes on: then it is our own connection alone that was lost. */
const PROGRESS = 2 ** 18;

export interface WatchOptions {
  /** Milliseconds. */
  readonly grace?: number;
  /** The processes to end. */
  readonly find?: () => readonly number[];
  /** Ends one. */
  readonly end?: (pid: number) => void;
  /** Bytes that one has written up to now. */
  readonly written?: (pid: number) => number;
  /** The command that keeps a connection to a host until that is lost. */
  readonly keep?: (uri: string) => readonly string[];
}

/** A command that ends with the process that starts it, however that ends. */
export const endingWithUs = (...command: string[]): string[] => [
  "setpriv",
  "--pdeathsig",
  "KILL",
  ...command,
];

/** virsh ends when its connection does, and its keepalives find hosts that vanish without a word. */
function keepConnection(uri: string): string[] {
  const given = isLocal(uri) || !uri.includes("://") ? uri : virshsUri(uri);
  const { interval, count } = KEEPALIVE;
  return endingWithUs(
    ...["virsh", "--connect", given, "--keepalive-interval", interval, "--keepalive-count", count],
    ...["event", "--event", "lifecycle", "--loop"],
  );
}

/** What the provider is at, and our own connection beside its. It never keeps the process alive. */
export class ProviderWatch {
  readonly #onEnded: (message: string) => void;
  readonly #options: Required<WatchOptions>;
  /** What it makes at the moment, by URN. */
  readonly #making = new Set<string>();
  /** The hosts whose connection is watched. */
  readonly #watched = new Set<string>();

  /** @param onEnded called when the provider has been ended, with what is to be told. */
  constructor(onEnded: (message: string) => void, options: WatchOptions = {}) {
    this.#onEnded = onEnded;
    this.#options = {
      grace: GRACE,
      find: () => providersOf(processes(), process.pid),
      end: (pid) => {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // it has just ended by itself
        }
      },
      written: writtenBy,
      keep: keepConnection,
      ...options,
    };
  }

  /** The provider is about to make something on a host. */
  begins(uri: string, urn: string): void {
    this.#making.add(urn);
    if (process.platform !== "linux" || this.#watched.has(uri)) return;
    this.#watched.add(uri);
    this.#connect(uri);
  }

  /** It has made it, or has said why not. */
  settled(urn: string): void {
    this.#making.delete(urn);
  }

  #connect(uri: string): void {
    const [file = "", ...args] = this.#options.keep(uri);
    const child = spawn(file, args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, LC_ALL: "C" },
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2000)));
    child.once("error", () => undefined); // no virsh: the host check says so
    child.once("close", () => {
      this.#watched.delete(uri); // what begins from now on has a connection again, if the host is back
      // Without a connection from the beginning there is nothing to tell a loss by.
      if (LOST.test(said)) this.#lost(uri, new Set(this.#making), this.#progress());
    });
    child.unref();
    (child.stderr as unknown as { unref(): void }).unref();
    process.once("exit", () => child.kill());
  }

  #progress = (): Map<number, number> =>
    new Map(this.#options.find().map((pid) => [pid, this.#options.written(pid)]));

  /** @param unfinished what was being made when the connection was lost. */
  #lost(uri: string, unfinished: ReadonlySet<string>, before: ReadonlyMap<number, number>): void {
    const { grace, end } = this.#options;
    setTimeout(() => {
      const still = new Set([...unfinished].filter((urn) => this.#making.has(urn)));
      if (still.size === 0) return;
      const now = this.#progress();
      if ([...now].some(([pid, bytes]) => bytes - (before.get(pid) ?? 0) > PROGRESS)) {
        this.#lost(uri, still, now);
        return;
      }
      if (now.size === 0) return;
      for (const pid of now.keys()) end(pid);
      this.#onEnded(
        `The connection to libvirt at ${uri} was lost in the middle of the run, and its provider did not notice within ` +
          `${grace / 1000} s: it was ended. Once libvirt answers again, run the same again; what was half made is cleared then.`,
      );
    }, grace).unref();
  }
}
