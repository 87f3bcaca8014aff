/** Connection URIs of libvirt hosts (https://libvirt.org/uri.html) in config. */

/** What both virsh and the provider speak. */
const TRANSPORTS = ["unix", "ssh", "tls", "tcp"] as const;

/** `qemu[+transport]://[user@][host][:port]/system|session[?parameters]` */
const FORM =
  /^qemu(?:\+([a-z0-9]+))?:\/\/(?:[^@/?#\s]+@)?(\[[0-9a-f:.]+\]|[a-z0-9_][a-z0-9_.-]*)?(?::\d{1,5})?\/(?:system|session)(?:\?[^#\s]*)?$/i;

/** Why a text is no connection to QEMU on a libvirt host; undefined where it is one. */
export function connectionFault(uri: string): string | undefined {
  if (/[\s\0-\x1f\x7f]/.test(uri)) return "it has blanks in it";
  const found = FORM.exec(uri);
  if (found === null) return "";
  const [, transport, host] = found;
  if (transport !== undefined && !(TRANSPORTS as readonly string[]).includes(transport.toLowerCase()))
    return `the ways to a host are ${TRANSPORTS.map((one) => `qemu+${one}`).join(", ")}, not qemu+${transport}`;
  if (host === undefined && ["ssh", "tls", "tcp"].includes(transport?.toLowerCase() ?? ""))
    return "it names no host";
  return undefined;
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
