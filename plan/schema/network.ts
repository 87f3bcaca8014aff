/** Names and addresses. */
import { isIPv4 } from "node:net";
import { posix } from "node:path";
import * as z from "zod/mini";
import { addressFault, isHost, macFault, normalMac, parseSocket } from "../addresses.ts";
import { DEFAULTS } from "../defaults.ts";
import { isPrefix, proposePrefix } from "../names.ts";
import { checkedText, list, text, type Checked } from "./parts.ts";
import { parseHttpUrl } from "../urls.ts";

/** Not trimmed: what is part of a name is taken as it is. */
export const prefix = z.pipe(
  z.string(),
  z.transform((value, context): string => {
    if (isPrefix(value)) return value;
    const message =
      "the beginning of a host name (RFC 1123): a-z, 0-9 and -, beginning with a letter or digit, " +
      "with a letter in it, at most 61 characters";
    const params = { word: proposePrefix(value) };
    context.issues.push({ code: "custom", message, input: value, params, path: [] });
    return z.NEVER;
  }),
);

/** Linux's rule for interface names (IFNAMSIZ is 16 with the end mark), with letters that need no quoting anywhere. */
export const bridge = text.check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}$/));

export const poolPath = checkedText((value): Checked<string> => {
  const path = value.replace(/\/+$/, "");
  const plain = /^\/[\w./@+:=-]+$/.test(path) && posix.normalize(path) === path;
  const expected = "an absolute path of a folder on the libvirt host, in plain letters, without . and ..";
  return plain ? { value: path } : { expected };
});

const macText = checkedText((value): Checked<string> => {
  const mac = normalMac(value);
  if (mac === undefined) return { expected: "a MAC address such as 52:54:00:12:34:56", remove: true };
  const fault = macFault(mac);
  return fault === undefined
    ? { value: mac }
    : { expected: `a MAC address that a machine can have; ${fault}`, remove: true };
});

/** An address of twelve digits without letters is a number to YAML and to `pulumi config set --path`. */
export const mac = z.pipe(z.pipe(z.union([z.string(), z.number()]), z.transform(String)), macText);

export const address = checkedText((value): Checked<string> => {
  if (!isIPv4(value)) return { expected: "an IPv4 address such as 10.0.0.11", remove: true };
  const fault = addressFault(value);
  return fault === undefined
    ? { value }
    : { expected: `an IPv4 address that a DHCP server can give to a machine; ${fault}`, remove: true };
});

export const ntpServers = list(
  (value): Checked<string> =>
    isHost(value)
      ? { value }
      : { expected: "host names or addresses of NTP servers, such as 0.pool.ntp.org" },
  { example: "0.pool.ntp.org" },
);

export const dockerListen = checkedText((value): Checked<string> => {
  if (parseSocket(value) !== undefined) return { value };
  const port = /(?:^|:)(\d{1,5})$/.exec(value)?.[1];
  const word = port === undefined ? DEFAULTS.dockerListen : `127.0.0.1:${port}`;
  const expected = "an address and a port (1 to 65535), such as 127.0.0.1:2375, [::1]:2375 or 0.0.0.0:2375";
  return parseSocket(word) === undefined ? { expected } : { expected, word };
});

/** Becomes part of nothing but a hash and messages: kept short and plain all the same. */
export const tlsRotation = z.pipe(
  z.pipe(z.union([z.string(), z.number()]), z.transform(String)),
  checkedText((value): Checked<string> =>
    /^[A-Za-z0-9_.-]{1,64}$/.test(value)
      ? { value }
      : { expected: "a number or a word of at most 64 letters, digits, -, _ and ." },
  ),
);

export const metadataUrl = checkedText((value): Checked<string> => {
  const url = parseHttpUrl(value);
  return url === undefined ? { expected: "the http or https URL of the metadata" } : { value: url.href };
});
