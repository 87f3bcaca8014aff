/** Talking to discovery registries: plain HTTP with a time limit, and errors that say what was asked and what came. */
import { setTimeout as sleep } from "node:timers/promises";
import { typed } from "../../plan/typed.ts";
import { ProgramError, say } from "../program.ts";

export interface Patience {
  /** Milliseconds for one request. */
  readonly timeLimit: number;
  /** Milliseconds between one try and the next; as many tries as there are pauses, and one more. */
  readonly pauses: readonly number[];
}

/** About half a minute in all: registries are restarted, and public ones are known to answer 503 for a while. */
export const PATIENCE: Patience = { timeLimit: 10_000, pauses: [500, 1000, 2000, 4000, 8000] };

/** What came back, or why nothing did. */
export type Answer =
  | { readonly status: number; readonly text: string; readonly reason?: never }
  | { readonly status?: never; readonly text?: never; readonly reason: string };

/** There is no discovery URL: what was asked and what came. What else could be done is said to it at the end. */
export class DiscoveryError extends ProgramError {
  override name = "DiscoveryError";
}

/** How to get on without a registry that doesn't work; commands with `prefix` before them. */
export const alternatives = (prefix: string | undefined): string =>
  [
    "Other ways for the members to find each other:",
    "  - a registry of your own (any etcd that serves the v2 API):",
    "      pulumi config set --path discovery.mode etcd",
    "      pulumi config set --path discovery.endpoint http://HOST:2379",
    "  - a discovery service that works:",
    "      pulumi config set --path discovery.mode service",
    "      pulumi config set --path discovery.endpoint https://HOST",
    "  - a discovery URL that you have:",
    "      pulumi config set --path discovery.mode url",
    "      pulumi config set --path discovery.url URL",
  ]
    .map((line) => line.replace(/pulumi .*/, (command) => typed(command, prefix)))
    .join("\n");

const shorten = (text: string): string => {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 200)}...` : line;
};

/** An answer in words. */
export const describe = (answer: Answer): string =>
  answer.reason ?? `status ${answer.status}${answer.text === "" ? "" : ` "${shorten(answer.text)}"`}`;

/** The network's own reason: fetch hides it in the cause of a bare "fetch failed". */
function reasonOf(error: unknown, timeLimit: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${timeLimit / 1000} s`;
  const cause: unknown = error.cause;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return cause instanceof Error ? cause.message : error.message;
}

/** One request. Never throws. */
export async function ask(url: string, init: RequestInit, timeLimit: number): Promise<Answer> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeLimit) });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    return { reason: reasonOf(error, timeLimit) };
  }
}

/** Worth another try: nothing came, the server is overloaded or broken for the moment. */
const mayPass = (answer: Answer): boolean =>
  answer.reason !== undefined || answer.status >= 500 || answer.status === 429;

/**
 * A request that is made again while there is hope.
 * @returns the text of the first answer with a 2xx status.
 * @throws DiscoveryError saying what was asked and what came.
 */
export async function askUntil(url: string, init: RequestInit, patience: Patience): Promise<string> {
  const pauses = [...patience.pauses];
  for (;;) {
    const answer = await ask(url, init, patience.timeLimit);
    if (answer.reason === undefined && answer.status >= 200 && answer.status < 300) return answer.text;
    const pause = mayPass(answer) ? pauses.shift() : undefined;
    const tries = patience.pauses.length - pauses.length + (pause === undefined ? 1 : 0);
    const said = `${init.method ?? "GET"} ${url}: ${describe(answer)}`;
    if (pause === undefined)
      throw new DiscoveryError(
        `The discovery registry gave no discovery URL (${tries === 1 ? "1 try" : `${tries} tries`}).\n  ${said}`,
      );
    say(`${said}; trying again in ${pause / 1000} s`);
    await sleep(pause);
  }
}
