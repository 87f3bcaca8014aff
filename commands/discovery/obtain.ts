/** Making a discovery URL for a new cluster. */
import { prefixIn } from "../../plan/typed.ts";
import { ProgramError, required, requiredNumber } from "../program.ts";
import { alternatives, askUntil, DiscoveryError, PATIENCE, type Patience } from "./registry.ts";

/** An address without the slashes at its end, so that paths can be put behind it. */
const base = (endpoint: string): string => endpoint.replace(/\/+$/, "");

/** @returns the URL, if `text` is one that can be a discovery URL: http or https, with a token as its last part. */
export function discoveryUrl(text: string): string | undefined {
  const candidate = text.trim();
  if (!URL.canParse(candidate) || /\s/.test(candidate)) return undefined;
  const { protocol, pathname } = new URL(candidate);
  const token = pathname.split("/").at(-1) ?? "";
  return (protocol === "http:" || protocol === "https:") && token !== "" ? candidate : undefined;
}

/** A public discovery service: it makes the token. */
async function fromService(endpoint: string, size: number, patience: Patience): Promise<string> {
  const question = `${base(endpoint)}/new?size=${size}`;
  const text = await askUntil(question, {}, patience);
  const url = discoveryUrl(text);
  if (url !== undefined && new URL(url).pathname !== "/new") return url;
  throw new DiscoveryError(
    `The discovery service gave something that is no discovery URL.\n  GET ${question}: "${text.trim().slice(0, 200)}"`,
  );
}

/** A self-hosted registry: the token is ours, and the size is written under it. */
async function fromRegistry(
  endpoint: string,
  token: string,
  size: number,
  patience: Patience,
): Promise<string> {
  const url = `${base(endpoint)}/v2/keys/discovery/${token}`;
  const question = `${url}/_config/size`;
  const text = await askUntil(
    question,
    { method: "PUT", body: new URLSearchParams({ value: String(size) }) },
    patience,
  );
  try {
    const { node } = JSON.parse(text) as { node?: { value?: unknown } };
    if (node?.value === String(size)) return url;
  } catch {
    // no JSON: said below
  }
  throw new DiscoveryError(
    `The discovery registry answered like no etcd with the v2 API.\n  PUT ${question}: "${text.trim().slice(0, 200)}"\n` +
      `An etcd of version 3.4 or 3.5 serves it when started with --enable-v2=true.`,
  );
}

async function urlFor(env: NodeJS.ProcessEnv, patience: Patience): Promise<string> {
  const mode = required(env, "MODE");
  const size = requiredNumber(env, "SIZE");
  switch (mode) {
    case "service":
      return await fromService(required(env, "ENDPOINT"), size, patience);
    case "etcd":
      return await fromRegistry(required(env, "ENDPOINT"), required(env, "TOKEN"), size, patience);
    case "url": {
      const given = required(env, "URL");
      const url = discoveryUrl(given);
      if (url !== undefined) return url;
      throw new DiscoveryError(
        `The discovery URL "${given}" is not one: it must be an http or https URL that ends in a token.`,
      );
    }
    default:
      throw new ProgramError(`MODE is "${mode}"; it must be service, etcd or url.`);
  }
}

/**
 * @returns the discovery URL, checked.
 * @throws ProgramError saying why there is none, and what else there is.
 */
export async function obtain(env: NodeJS.ProcessEnv, patience: Patience = PATIENCE): Promise<string> {
  try {
    return await urlFor(env, patience);
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    throw new ProgramError(`${error.message}\n${alternatives(prefixIn(env))}`, { cause: error });
  }
}
