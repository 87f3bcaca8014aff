/**
 * What Ignition can't fetch. It tries for as long as it takes, every 5 s at most (`internal/resource/http.go` of coreos/ignition), and only says
 * so on the console: a web server that is gone or a name that was mistyped would keep the wait to its end. Pure.
 */
import { STATUS_CODES } from "node:http";
import { redactUrl } from "../../plan/urls.ts";

export interface Fetch {
  readonly url: string;
  /** As Ignition counts them. */
  readonly attempt: number;
  /** What came of the last one, in Ignition's words; undefined where nothing did yet. */
  readonly words: string | undefined;
}

/** By itself with a number, in the lab without; stages and operations may stand before. */
const SAYS = /\bignition(?:\[\d+\])?: (.*)$/;
const ATTEMPT = /(?:^|: )[A-Z]+ (\S+): attempt #(\d+)$/;
const ANSWER = /(?:^|: )[A-Z]+ (error|result):\s*(.*)$/;
const OVER = /(?:^|: )Ignition (?:finished|failed)\b/;

/** Ignition tries again after these, and takes all else for an answer. A status that Go has no words for is an empty text. */
const RETRIED: ReadonlySet<string> = new Set([
  "",
  ...Object.entries(STATUS_CODES).flatMap(([code, text]) => (Number(code) >= 500 ? [text ?? ""] : [])),
]);

/** Without `Get "URL": `, which is known. */
const plainWords = (words: string): string => words.replace(/^[A-Z][a-z]+ "?\S+?"?: (?=\S)/, "");

/** What Ignition was trying to get when the console ended; undefined where it is past that. */
export function fetchIn(console: readonly string[]): Fetch | undefined {
  let now: Fetch | undefined;
  for (const line of console) {
    const said = SAYS.exec(line)?.[1];
    if (said === undefined) continue;
    const [, url = "", attempt] = ATTEMPT.exec(said) ?? [];
    const [, kind, words = ""] = ANSWER.exec(said) ?? [];
    if (attempt !== undefined)
      now = { url, attempt: Number(attempt), words: now?.url === url ? now.words : undefined };
    else if (kind === "error" && now !== undefined) now = { ...now, words: plainWords(words) };
    else if (kind === "result" && now !== undefined)
      now = RETRIED.has(words) ? { ...now, words: words || "a status that HTTP does not know" } : undefined;
    else if (OVER.test(said)) now = undefined;
  }
  return now;
}

interface Tries {
  readonly url: string;
  /** When it was seen first, and the attempt of then. */
  readonly since: number;
  readonly first: number;
  readonly last: number;
}

/** Attempts that have to be seen to fail, however long each of them takes. */
const ATTEMPTS = 3;

/** What is remembered of each node's attempts, from round to round. */
export class FetchMemory {
  readonly #tries = new Map<string, Tries>();

  /**
   * Why a node will not get what its Ignition wants; undefined while it may. Said with an attempt that is new: a machine that was reset meanwhile
   * shows the old ones until it makes its first.
   * @param at milliseconds, now. @param limit those that a server has to come up.
   */
  hopeless(name: string, fetch: Fetch | undefined, at: number, limit: number): string | undefined {
    if (fetch === undefined) {
      this.#tries.delete(name);
      return undefined;
    }
    const { url, attempt } = fetch;
    const before = this.#tries.get(name);
    if (before?.url !== url || attempt < before.last) {
      this.#tries.set(name, { url, since: at, first: attempt, last: attempt });
      return undefined;
    }
    this.#tries.set(name, { ...before, last: attempt });
    const enough = attempt - before.first >= ATTEMPTS && at - before.since >= limit;
    if (!enough || attempt === before.last) return undefined;
    return `Ignition can't fetch ${redactUrl(url)} (attempt #${attempt}): ${fetch.words ?? "no answer yet"}`;
  }
}
