/** Talking to discovery registries: with patience where there is hope, and errors that say what was asked and what came. */
import { setTimeout as sleep } from "node:timers/promises";
import { redactUrl } from "../../plan/urls.ts";
import { type Answer, ask, type Question } from "../http.ts";
import type { Way } from "../way.ts";
import { ProgramError, say } from "../program.ts";

export interface Patience {
  /** Milliseconds for one request. */
  readonly timeLimit: number;
  /** Milliseconds between one try and the next; as many tries as there are pauses, and one more. */
  readonly pauses: readonly number[];
  /** How the registry is reached. */
  readonly way?: Way;
}

/** About half a minute in all: registries are restarted, and public ones are known to answer 503 for a while. */
export const PATIENCE: Patience = { timeLimit: 10_000, pauses: [500, 1000, 2000, 4000, 8000] };

/** For what is only looked at: the nodes ask for themselves later. */
export const glance = (patience: Patience): Patience => ({
  ...patience,
  pauses: patience.pauses.slice(0, 2),
});

/** There is no discovery URL: what was asked and what came. What else could be done is said to it at the end. */
export class DiscoveryError extends ProgramError {
  override name = "DiscoveryError";
}

const shorten = (text: string): string => {
  // Whoever answers there shall not move the cursor of a terminal here.
  const line = text.replace(/[\s\0-\x1f\x7f-\x9f]+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 200)}...` : line;
};

/** An answer in words. */
export function describe(answer: Answer): string {
  if (answer.reason !== undefined) return answer.reason;
  if (answer.location !== undefined && answer.status >= 300 && answer.status < 400)
    return `status ${answer.status}, a redirect to ${redactUrl(answer.location)}; redirects are not followed, configure the address where it leads`;
  return `status ${answer.status}${answer.text === "" ? "" : ` "${shorten(answer.text)}"`}`;
}

/** What was asked and what came. */
export const said = (method: string, url: string, answer: Answer): string =>
  `${method} ${redactUrl(url)}: ${describe(answer)}`;

/** Worth another try: nothing came, the server is overloaded or broken for the moment. */
const mayPass = (answer: Answer): boolean =>
  answer.reason !== undefined ? !answer.hopeless : answer.status >= 500 || answer.status === 429;

export const succeeded = (answer: Answer): answer is Answer & { readonly text: string } =>
  answer.reason === undefined && answer.status >= 200 && answer.status < 300;

/** The answer that counts: the first that is none of those which may pass, else each server's last one. */
export interface Outcome {
  readonly answer: Answer;
  readonly tries: number;
  /** For a message: a line for each server that was asked in vain. */
  readonly lines: readonly string[];
}

/** Asks the servers one after another, again while there is hope, until one succeeds. Never throws. */
export async function askWithPatience(
  urls: readonly string[],
  question: Question,
  patience: Patience,
): Promise<Outcome> {
  const method = question.method ?? "GET";
  const pauses = [...patience.pauses];
  for (let tries = 1; ; tries++) {
    const answers: { url: string; answer: Answer }[] = [];
    for (const url of urls) {
      const answer = await ask(url, question, patience.timeLimit, patience.way);
      if (succeeded(answer)) return { answer, tries, lines: [] };
      answers.push({ url, answer });
    }
    const lines = answers.map(({ url, answer }) => said(method, url, answer));
    const hope = answers.some(({ answer }) => mayPass(answer));
    const pause = hope ? pauses.shift() : undefined;
    if (pause === undefined) {
      // A server that answers says more than one that doesn't.
      const telling = answers.find(({ answer }) => answer.reason === undefined) ?? answers[0];
      return { answer: telling?.answer ?? { reason: "nobody to ask", hopeless: true }, tries, lines };
    }
    for (const line of lines) say(`${line}; trying again in ${pause / 1000} s`);
    await sleep(pause);
  }
}

/**
 * A request that has to succeed.
 * @param urls the same question at each server of the registry.
 * @returns the text of the first answer with a 2xx status.
 * @throws DiscoveryError saying what was asked and what came.
 */
export async function askUntil(
  urls: readonly string[],
  question: Question,
  patience: Patience,
): Promise<string> {
  const { answer, tries, lines } = await askWithPatience(urls, question, patience);
  if (succeeded(answer)) return answer.text;
  throw new DiscoveryError(
    [
      `The discovery registry gave no discovery URL (${tries === 1 ? "1 try" : `${tries} tries`}).`,
      ...lines.map((line) => `  ${line}`),
    ].join("\n"),
  );
}
