/** Registries with etcd's v2 API: a token is a folder of keys, and its address is the discovery URL. */
import { redactUrl } from "../../plan/urls.ts";
import { typed } from "../../plan/typed.ts";
import { field, list, parsed } from "../http.ts";
import { say } from "../program.ts";
import {
  askUntil,
  askWithPatience,
  DiscoveryError,
  glance,
  type Outcome,
  type Patience,
  succeeded,
} from "./registry.ts";
import { parseRegistryUrl } from "./v3.ts";
import { checkToken, nameIn } from "./token.ts";

/** @returns the URL, if `text` is one that can be a discovery URL: http or https, with a token as its last part. */
export function discoveryUrl(text: string): string | undefined {
  const candidate = text.trim();
  if (!URL.canParse(candidate) || /\s/.test(candidate)) return undefined;
  const { protocol, pathname } = new URL(candidate);
  const token = pathname.split("/").at(-1) ?? "";
  return (protocol === "http:" || protocol === "https:") && token !== "" ? candidate : undefined;
}

/** Writes a new token's size. The token is ours. */
export async function createV2Token(
  endpoint: string,
  token: string,
  size: number,
  patience: Patience,
): Promise<string> {
  const url = `${endpoint}/v2/keys/discovery/${token}`;
  const question = `${url}/_config/size`;
  const body = new URLSearchParams({ value: String(size) });
  const text = await askUntil([question], { method: "PUT", body }, patience);
  if (field(field(parsed(text), "node"), "value") === String(size)) return url;
  throw new DiscoveryError(
    `The discovery registry answered like no etcd with the v2 API.\n  PUT ${redactUrl(question)}: "${text.trim().slice(0, 200)}"\n` +
      `An etcd of version 3.4 or 3.5 serves it when started with --enable-v2=true; for a newer one take discovery mode v3.`,
  );
}

/** etcd's code for a key that is not there. */
export const KEY_NOT_FOUND = 100;

function noRegistry(url: string, { lines }: Outcome, text = ""): DiscoveryError {
  const came =
    lines.length > 0 ? lines.join("\n  ") : `GET ${redactUrl(url)}: "${text.trim().slice(0, 200)}"`;
  return new DiscoveryError(`The discovery URL answers like no discovery registry.\n  ${came}`);
}

/**
 * Checks a URL that somebody else obtained, as far as it can be seen from here: one that does not answer at all is let
 * through with a notice, since the nodes may reach more than this machine does.
 * @param prefix what stands before commands in messages.
 * @throws DiscoveryError for a token of another size, a used one, one that the registry doesn't know, and for no registry.
 */
export async function checkV2Token(
  url: string,
  size: number,
  patience: Patience,
  prefix: string | undefined,
): Promise<void> {
  if (parseRegistryUrl(url) !== undefined)
    throw new DiscoveryError(
      `The discovery URL ${redactUrl(url)} is a token of v3 discovery, which is no URL to etcd.\n` +
        `Set discovery.mode to v3, discovery.endpoints to its servers and discovery.token to its last part.`,
    );
  const sizeUrl = below(url, "_config/size");
  const first = await askWithPatience([sizeUrl], {}, glance(patience));
  if (first.answer.reason !== undefined) {
    say(`The discovery URL could not be checked from here, the nodes will see: ${first.lines.join("; ")}`);
    return;
  }
  const told = parsed(first.answer.text);
  const value = field(field(told, "node"), "value");
  const unknown = field(told, "errorCode") === KEY_NOT_FOUND;
  if (!unknown && (typeof value !== "string" || !succeeded(first.answer)))
    throw noRegistry(sizeUrl, first, first.answer.text);
  const second = unknown ? undefined : await askWithPatience([url], {}, glance(patience));
  const folder = field(parsed(second?.answer.text ?? ""), "node");
  if (second !== undefined && folder === undefined) throw noRegistry(url, second, second.answer.text);
  const another = `Take another URL: ${typed("pulumi config set --path discovery.url URL", prefix)}`;
  checkToken(
    `the discovery URL ${redactUrl(url)}`,
    {
      size: unknown ? undefined : String(value),
      members: list(field(folder, "nodes")).flatMap((entry) => nameIn(field(entry, "value"))),
    },
    size,
    {
      unknown: `In a registry of your own, its size is set with: curl -X PUT ${redactUrl(sizeUrl)} -d value=${size}`,
      size: `${another}, one that was made for ${size}`,
      used: another,
    },
  );
}

function below(url: string, path: string): string {
  const whole = new URL(url);
  whole.pathname = `${whole.pathname.replace(/\/+$/, "")}/${path}`;
  return whole.href;
}
