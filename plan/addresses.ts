/** Network addresses as the config gives them. */
import { isIPv4, isIPv6 } from "node:net";

/**
 * A MAC address in lower case with colons, or undefined where it is none. Read are the usual spellings: `52:54:00:12:34:56`,
 * `52-54-00-12-34-56`, `5254.0012.3456` and `525400123456`.
 */
export function normalMac(text: string): string | undefined {
  const plain = text.trim().toLowerCase();
  const spellings = [
    /^([0-9a-f]{2})([:-])(?:[0-9a-f]{2}\2){4}[0-9a-f]{2}$/,
    /^(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}$/,
    /^[0-9a-f]{12}$/,
  ];
  if (!spellings.some((spelling) => spelling.test(plain))) return undefined;
  return plain
    .replace(/[^0-9a-f]/g, "")
    .match(/../g)
    ?.join(":");
}

/** Why no machine can have a MAC address (in normal form); undefined where it can. */
export function macFault(mac: string): string | undefined {
  const first = parseInt(mac.slice(0, 2), 16);
  if (first % 2 === 1) return "this one is for groups of machines (the lowest bit of its first byte is set)";
  if (mac === "00:00:00:00:00:00") return "this one stands for no machine";
  // libvirt gives the host's end of each card the guest's address with fe in front, and refuses guests that have it.
  if (first === 0xfe) return "libvirt keeps those that begin with fe for itself";
  return undefined;
}

/** IPv4 ranges (first byte, and second where it counts) whose addresses no machine on a network can be reserved. */
const RESERVED: readonly {
  readonly test: (first: number, second: number) => boolean;
  readonly why: string;
}[] = [
  { test: (first) => first === 0, why: '0.0.0.0/8 means "this network"' },
  { test: (first) => first === 127, why: "127.0.0.0/8 is each machine's own loopback" },
  {
    test: (first, second) => first === 169 && second === 254,
    why: "169.254.0.0/16 is for machines without a DHCP server",
  },
  { test: (first) => first >= 224 && first < 240, why: "224.0.0.0/4 is for multicast" },
  { test: (first) => first >= 240, why: "240.0.0.0/4 is reserved, and its last address is broadcast" },
];

/** Why no machine can have an IPv4 address (RFC 6890); undefined where it can. */
export function addressFault(address: string): string | undefined {
  const [first = 0, second = 0] = address.split(".").map(Number);
  return RESERVED.find(({ test }) => test(first, second))?.why;
}

const isLabel = (text: string): boolean => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(text);

/** A host name (RFC 1123) or an address: what a server is called by. */
export function isHost(text: string): boolean {
  if (isIPv4(text) || isIPv6(text)) return true;
  const labels = text.replace(/\.$/, "").split(".");
  return text.length <= 253 && labels.every(isLabel) && /[a-z]/i.test(labels.at(-1) ?? "");
}

/** `address:port` in parts (IPv6 in brackets), or undefined. */
export function parseSocket(text: string): { readonly address: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, six, four, digits = ""] = match;
  const port = Number(digits);
  const right = six === undefined ? isIPv4(four ?? "") : isIPv6(six);
  return right && port >= 1 && port <= 65535 ? { address: six ?? four ?? "", port } : undefined;
}

/** Whether nobody but the machine itself reaches an address. */
export const isLoopback = (address: string): boolean =>
  isIPv4(address) ? address.startsWith("127.") : URL.parse(`http://[${address}]/`)?.hostname === "[::1]";
