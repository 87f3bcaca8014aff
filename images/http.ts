/** HTTP for images: credentials out of the URL, a limit on silence, small files as bytes. */
import { unreachable } from "./problem.ts";

/** Ends a request when nothing was heard for a while. */
export class Silence {
  readonly #controller = new AbortController();
  readonly #milliseconds: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
    this.heard();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something arrived: the time begins anew. */
  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#controller.abort(new Error(`nothing was heard for ${this.#milliseconds / 1000} s`));
    }, this.#milliseconds);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** Sends a GET; a user and password in the URL become a header, since fetch refuses such URLs. */
export async function get(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const target = new URL(url);
  const { username, password } = target;
  target.username = target.password = "";
  const pair = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  const login = username === "" ? {} : { authorization: `Basic ${pair.toString("base64")}` };
  // Without "identity" a server may send packed bytes, whose places in the file are others.
  return await fetch(target, { headers: { "accept-encoding": "identity", ...login, ...headers }, signal });
}

/** Why a request failed, in few words: fetch hides the reason in a chain of causes. */
export function reasonOf(error: unknown): string {
  let reason = error;
  while (reason instanceof Error && reason.cause instanceof Error) reason = reason.cause;
  if (reason instanceof AggregateError && reason.errors[0] instanceof Error) reason = reason.errors[0];
  return reason instanceof Error ? reason.message : String(reason);
}

/** Signatures, keys and lists of releases: none has more. */
const SMALL = 4 * 2 ** 20;

/**
 * A small file: a signature, a key, a list of releases. Two attempts.
 * @returns its bytes; undefined where the server says that there is none (403, 404, 410: some stores say 403 for 404)
 * @throws ImageProblem where it can't be had
 */
export async function fetchSmall(url: string, silence = 20_000): Promise<Buffer | undefined> {
  for (let attempt = 1; ; attempt++) {
    const watch = new Silence(silence);
    try {
      const response = await get(url, {}, watch.signal);
      if ([403, 404, 410].includes(response.status)) return undefined;
      if (!response.ok) throw new Error(`the server answers ${response.status}`);
      const chunks: Uint8Array[] = [];
      let length = 0;
      for await (const chunk of response.body ?? []) {
        watch.heard();
        chunks.push(chunk as Uint8Array);
        length += (chunk as Uint8Array).length;
        if (length > SMALL) throw new Error(`it has more than ${SMALL} bytes`);
      }
      return Buffer.concat(chunks);
    } catch (error) {
      if (attempt === 2) throw unreachable(url, reasonOf(error));
    } finally {
      watch.end();
    }
  }
}
