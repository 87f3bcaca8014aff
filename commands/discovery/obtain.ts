/** Making what a new cluster's members find each other by, or checking what was given. */
import { prefixIn } from "../../plan/typed.ts";
import { redactUrl } from "../../plan/urls.ts";
import { ProgramError, required, requiredNumber, say, words } from "../program.ts";
import { wayVia } from "../through.ts";
import { alternatives } from "./alternatives.ts";
import { askUntil, DiscoveryError, PATIENCE, type Patience } from "./registry.ts";
import { checkV2Token, createV2Token, discoveryUrl } from "./v2.ts";
import { checkV3Token, createV3Token, registryUrl } from "./v3.ts";

/** An address without the slashes at its end, so that paths can be put behind it. */
const base = (endpoint: string): string => endpoint.replace(/\/+$/, "");

/** A public discovery service: it makes the token. */
async function fromService(
  endpoint: string,
  size: number,
  patience: Patience,
  prefix: string | undefined,
): Promise<string> {
  const question = `${base(endpoint)}/new?size=${size}`;
  const text = await askUntil([question], {}, patience);
  const url = discoveryUrl(text);
  if (url === undefined || new URL(url).pathname === "/new")
    throw new DiscoveryError(
      `The discovery service gave something that is no discovery URL.\n  GET ${redactUrl(question)}: "${text.trim().slice(0, 200)}"`,
    );
  // A service that was not told its own address answers with a default one: then the token is not there.
  if (new URL(url).host !== new URL(question).host) {
    try {
      await checkV2Token(url, size, patience, prefix);
    } catch (error) {
      if (!(error instanceof DiscoveryError)) throw error;
      throw new DiscoveryError(
        `The discovery service ${redactUrl(endpoint)} answered with a URL on another host, which does not know it.\n${error.message}`,
        { cause: error },
      );
    }
  }
  return url;
}

async function fromV3(
  env: NodeJS.ProcessEnv,
  size: number,
  patience: Patience,
  prefix: string | undefined,
): Promise<string> {
  const endpoints = words(required(env, "ENDPOINTS")).map(base);
  const given = env["GIVEN_TOKEN"] ?? "";
  const token = given === "" ? required(env, "TOKEN") : given;
  if (given === "") await createV3Token(endpoints, token, size, patience);
  else await checkV3Token(endpoints, token, size, patience, prefix);
  return registryUrl(endpoints[0] ?? "", token);
}

async function urlFor(
  env: NodeJS.ProcessEnv,
  patience: Patience,
  prefix: string | undefined,
): Promise<string> {
  const mode = required(env, "MODE");
  const size = requiredNumber(env, "SIZE");
  switch (mode) {
    case "service":
      return await fromService(required(env, "ENDPOINT"), size, patience, prefix);
    case "etcd":
      return await createV2Token(base(required(env, "ENDPOINT")), required(env, "TOKEN"), size, patience);
    case "url": {
      const given = required(env, "URL");
      const url = discoveryUrl(given);
      if (url === undefined)
        throw new DiscoveryError(
          `The discovery URL "${redactUrl(given)}" is not one: it must be an http or https URL that ends in a token.`,
        );
      await checkV2Token(url, size, patience, prefix);
      return url;
    }
    case "v3":
      return await fromV3(env, size, patience, prefix);
    default:
      throw new ProgramError(`MODE is "${mode}"; it must be service, etcd, url or v3.`);
  }
}

/**
 * @returns the discovery URL, checked; in mode v3 `<first endpoint>/_etcd/registry/<token>`.
 * @throws ProgramError saying why there is none, and what else there is.
 */
export async function obtain(env: NodeJS.ProcessEnv, patience: Patience = PATIENCE): Promise<string> {
  const prefix = prefixIn(env);
  const way = wayVia(env["LIBVIRT_URI"] ?? "", (host) => {
    say(`The discovery registry can't be reached from here: it is asked through ${host}.`);
  });
  try {
    return await urlFor(env, { ...patience, way }, prefix);
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    throw new ProgramError(`${error.message}\n${alternatives(prefix)}`, { cause: error });
  }
}
