/** How the members of a new cluster find each other, and etcd's version. */
import * as z from "zod/mini";
import { DEFAULTS } from "../defaults.ts";
import { parseEndpoint, parseHttpUrl } from "../urls.ts";
import { checkedText, list, type Checked } from "./parts.ts";

export const REGISTRY_EXAMPLE = "http://registry.example:2379";

const endpoint = (word: string) =>
  checkedText((value): Checked<string> => {
    const url = parseEndpoint(value);
    if (url !== undefined) return { value: url };
    return { expected: `an http or https URL that paths can be added to, such as ${REGISTRY_EXAMPLE}`, word };
  });

const url = checkedText((value): Checked<string> => {
  const href = parseHttpUrl(value)?.href;
  if (href !== undefined) return { value: href };
  return {
    expected: "the http or https URL of a discovery token, such as https://discovery.etcd.io/<token>",
  };
});

/** An etcd that serves as v3 registry is reached through gRPC: there is nothing behind host and port. */
const endpoints = list(
  (value): Checked<string> => {
    const href = parseEndpoint(value);
    if (href !== undefined && URL.parse(href)?.pathname === "/") return { value: href };
    return {
      expected: `http or https URLs of the registry's etcd members (3.4 or newer), without a path, such as ${REGISTRY_EXAMPLE}`,
    };
  },
  { example: REGISTRY_EXAMPLE, least: 1 },
);

/** A token is a part of keys and URLs. */
const token = checkedText((value): Checked<string> =>
  /^[A-Za-z0-9_-]{1,128}$/.test(value)
    ? { value }
    : {
        expected: "a token of at most 128 letters, digits, - and _, or nothing: then one is made",
        remove: true,
      },
);

export const discovery = z.discriminatedUnion("mode", [
  z.strictObject({ mode: z.literal("service"), endpoint: z.optional(endpoint(DEFAULTS.discoveryEndpoint)) }),
  z.strictObject({ mode: z.literal("etcd"), endpoint: endpoint(REGISTRY_EXAMPLE) }),
  z.strictObject({ mode: z.literal("url"), url }),
  z.strictObject({ mode: z.literal("static") }),
  z.strictObject({ mode: z.literal("v3"), endpoints, token: z.optional(token) }),
]);

export const etcdVersion = checkedText((value): Checked<string> => {
  const version = /^v?(3\.\d{1,3}\.\d{1,3})$/.exec(value)?.[1];
  return version === undefined
    ? { expected: "a version of etcd 3 with all three numbers, such as 3.5.21" }
    : { value: version };
});
