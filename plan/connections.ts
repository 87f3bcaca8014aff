/** Connection URIs of libvirt hosts (https://libvirt.org/uri.html) in config. */
import { uriFaults } from "../host/agreement.ts";

/** What both virsh and the provider speak. */
const TRANSPORTS = ["unix", "ssh", "tls", "tcp"] as const;

const WAYS = `the ways to a host are ${TRANSPORTS.map((one) => `qemu+${one}`).join(", ")}`;

/** `qemu[+transport]://[user@][host][:port]/system|session[?parameters]` */
const FORM =
  /^qemu(?:\+([a-z0-9]+))?:\/\/(?:[^@/?#\s]+@)?(\[[0-9a-f:.]+\]|[a-z0-9_][a-z0-9_.-]*)?(?::\d{1,5})?\/(?:system|session)(?:\?[^#\s]*)?$/i;

/** What is said of a wrong URI; empty where it has not even a URI's form. */
export interface ConnectionFault {
  readonly says: string;
  /** The same without anything of the URI. */
  readonly discreet: string;
  /** The URI as it is likely meant, where that is plain. */
  readonly meant?: string;
}

const alike = (says: string): ConnectionFault => ({ says, discreet: says });

/** What stands in the URI is left out of a message: values of parameters, and what is quoted. */
const veiled = (text: string): string =>
  text
    .replace(/^\w+=.*/s, (found) => found.replace(/=.*/s, ""))
    .replace(/^the (\w+) ".*"$/s, "a $1")
    .replace(/^\+\w+$/, "another transport")
    .replace(/^write knownhosts=\S*:/, "write knownhosts= in its place:");

/** In what the host's readers would differ (host/agreement.ts), all at once. */
function disagreement(uri: string): ConnectionFault | undefined {
  const faults = uriFaults(uri);
  if (faults.length === 0) return undefined;
  const said = (shown: (text: string) => string): string =>
    `it has ${faults.map(({ found, right }) => `${shown(found)} (${shown(right)})`).join(", and ")}`;
  const userless = faults.length === 1 && faults[0]?.found.startsWith("no user") === true;
  return {
    ...{ says: said((text) => text), discreet: said(veiled) },
    ...(userless ? { meant: uri.replace("://", "://root@") } : {}),
  };
}

/** Why a text is no connection to QEMU on a libvirt host that all who use it read alike; undefined where it is one. */
export function connectionFault(uri: string): ConnectionFault | undefined {
  if (/[\s\0-\x1f\x7f]/.test(uri)) return alike("it has blanks in it");
  const found = FORM.exec(uri);
  if (found === null) return alike("");
  const [, transport, host] = found;
  if (transport !== undefined && !(TRANSPORTS as readonly string[]).includes(transport.toLowerCase()))
    return {
      says: `${WAYS}, not qemu+${transport}`,
      discreet: WAYS,
    };
  if (host === undefined && ["ssh", "tls", "tcp"].includes(transport?.toLowerCase() ?? ""))
    return alike("it names no host");
  return disagreement(uri);
}

/** What a host is called that the config gives no name: by its address, or `local`. */
export function hostNameOf(uri: string): string {
  const host = (FORM.exec(uri)?.[2] ?? "").toLowerCase();
  const plain = host.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  return plain === "" ? "local" : plain.slice(0, MAX_HOST_NAME).replace(/-+$/, "");
}

const MAX_HOST_NAME = 40;

/** Whether a text can be the name of a host in config. */
export const isHostName = (text: string): boolean =>
  text.length <= MAX_HOST_NAME && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(text);

/** A name as near as can be to a text, and none of those that are taken: for error messages. */
export function proposeHostName(text: string, taken: readonly string[]): string {
  const base =
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+/, "")
      .slice(0, MAX_HOST_NAME - 3)
      .replace(/-+$/, "") || "host";
  if (!taken.includes(base)) return base;
  for (let number = 2; ; number++) if (!taken.includes(`${base}-${number}`)) return `${base}-${number}`;
}
