/** JSON over HTTP, where no answer is an answer like any other. */

/** Milliseconds: under emulation a busy guest takes its time. */
const TIME_LIMIT = 5000;

export type Reply = { readonly status: number; readonly body: unknown } | { readonly problem: string };

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

function why(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${TIME_LIMIT / 1000} s`;
  return error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message;
}

/** One request; `body`, when given, is sent as JSON, or as a form when it is URLSearchParams. Never throws. */
export async function request(method: string, url: string, body?: object): Promise<Reply> {
  const sent =
    body === undefined ? {} : { body: body instanceof URLSearchParams ? body : JSON.stringify(body) };
  try {
    const response = await fetch(url, { method, ...sent, signal: AbortSignal.timeout(TIME_LIMIT) });
    return { status: response.status, body: parsed(await response.text()) };
  } catch (error) {
    return { problem: why(error) };
  }
}

/** The property `name` of a JSON value that may be anything. */
export const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;

/** The elements of a JSON value that may be no list. */
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
