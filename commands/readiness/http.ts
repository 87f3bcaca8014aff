/** JSON over HTTP, where no answer is an answer like any other. */
import { ask, parsed, type Way } from "../http.ts";

export { field, list } from "../http.ts";

/** Milliseconds: under emulation a busy guest takes its time. */
const TIME_LIMIT = 5000;

export type Reply = { readonly status: number; readonly body: unknown } | { readonly problem: string };

/** One request; `body`, when given, is sent as JSON, or as a form when it is URLSearchParams. Never throws. */
export async function request(method: string, url: string, body?: object, way?: Way): Promise<Reply> {
  const answer = await ask(url, body === undefined ? { method } : { method, body }, TIME_LIMIT, way);
  return answer.reason === undefined
    ? { status: answer.status, body: parsed(answer.text) }
    : { problem: answer.reason };
}
