/**
 * One HTTP request with a time limit, for registries and etcd members. Not `fetch`: that refuses ports which Go's HTTP
 * client, and so etcd, uses without a word (6000, 10080), and hides why a connection failed.
 *
 * Redirects are answers, not followed: what nodes are given is the address that answers. Proxies are not used: registries and members
 * stand in the same network as the machines.
 */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { agentFor, type Way } from "./way.ts";

export type { Credentials, Place, Way, WayTo } from "./way.ts";

/** What came back, or why nothing did. */
export type Answer =
  | {
      readonly status: number;
      readonly text: string;
      /** Where a redirect points. */
      readonly location?: string;
      readonly reason?: never;
    }
  | {
      readonly status?: never;
      readonly text?: never;
      readonly reason: string;
      /** Asking again gives the same: a name that doesn't exist, a certificate that nobody vouches for, no HTTP at all. */
      readonly hopeless: boolean;
    };

export interface Question {
  /** GET by default. */
  readonly method?: string;
  /** Sent as a form when it is URLSearchParams, else as JSON. */
  readonly body?: object;
}

/** Bytes of an answer that are read: a registry with a hundred members writes some 20 KiB. */
const LIMIT = 2 ** 20;

/** Node's and OpenSSL's codes of failures that stay. */
const LASTING =
  /^(ENOTFOUND|HPE_.*|ERR_INVALID_URL|ERR_SSL_.*|ERR_TLS_.*|EPROTO|CERT_.*|.*SELF_SIGNED.*|UNABLE_TO_.*)$/;

/** What is to be done about certificates whose time is not now. */
const OUT_OF_TIME: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED:
    "in a cluster with tls another tlsRotation makes new ones, and rebuilds it (docs/tls.md); or the clock here is wrong",
  CERT_NOT_YET_VALID: "the clock here is late, or that of the machine where it was made was early",
};

/** What a server says that doesn't take the client's certificate, in OpenSSL's words. */
const REFUSED = /alert (bad certificate|certificate expired|certificate unknown|unknown ca)\b/i;

class LateError extends Error {}
class LongError extends Error {}

/** The network's own reason in words, and whether it lasts. */
function failure(error: unknown): Answer {
  if (!(error instanceof Error)) return { reason: String(error), hopeless: false };
  // Where a name has several addresses, the one error holds those of all of them.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const { message, code = "" } = (first instanceof Error ? first : error) as NodeJS.ErrnoException;
  const advice = Object.hasOwn(OUT_OF_TIME, code) ? OUT_OF_TIME[code] : undefined;
  if (advice !== undefined) return { reason: `${message} (${advice})`, hopeless: true };
  const refused = REFUSED.exec(message)?.[1]?.toLowerCase();
  if (refused !== undefined)
    return {
      reason: `it does not take the certificate that it is shown (${refused}): the clock there is wrong, or its certificates are of another authority`,
      hopeless: true,
    };
  const words = code.startsWith("HPE_")
    ? `the answer is not HTTP (${message})`
    : code === "ENOTFOUND"
      ? `${message} (there is no host of that name)`
      : message;
  return { reason: words, hopeless: LASTING.test(code) || error instanceof LongError };
}

/**
 * One request. Never throws.
 * @param timeLimit milliseconds for all of it.
 * @param way how the server is reached, where that is not TCP with the system's authorities.
 */
export async function ask(
  url: string,
  { method = "GET", body }: Question,
  timeLimit: number,
  way: Way = {},
): Promise<Answer> {
  const parts = URL.parse(url);
  if (parts === null || !/^https?:$/.test(parts.protocol))
    return { reason: `"${url}" is no http or https URL`, hopeless: true };
  const secure = parts.protocol === "https:";
  const sent =
    body === undefined ? "" : body instanceof URLSearchParams ? body.toString() : JSON.stringify(body);
  const headers = {
    "content-length": Buffer.byteLength(sent),
    ...(body === undefined
      ? {}
      : {
          "content-type":
            body instanceof URLSearchParams ? "application/x-www-form-urlencoded" : "application/json",
        }),
  };
  const agent = agentFor(parts, way);
  return await new Promise<Answer>((resolve) => {
    const call = (secure ? httpsRequest : httpRequest)(url, { method, headers, agent });
    const timer = setTimeout(() => {
      call.destroy(new LateError(`no answer within ${timeLimit / 1000} s`));
    }, timeLimit);
    const end = (answer: Answer): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    call.on("error", (error) => {
      end(failure(error));
    });
    call.on("response", (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > LIMIT) call.destroy(new LongError(`the answer is longer than ${LIMIT} bytes`));
      });
      response.on("error", (error) => {
        end(failure(error));
      });
      response.on("end", () => {
        const { location } = response.headers;
        end({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString("utf8"),
          ...(location === undefined ? {} : { location }),
        });
      });
    });
    call.end(sent);
  });
}

/** The value of a JSON text; undefined where it is none. */
export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The property `name` of a JSON value that may be anything. */
export const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;

/** The elements of a JSON value that may be no list. */
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
