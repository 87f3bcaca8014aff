/** Names of nodes: a prefix and a two-digit number, valid as a host name on any network. */

/** Digits of a node's number. A wider number would rename every node, so the width is fixed, and with it the most nodes. */
const NUMBER_WIDTH = 2;
export const MAX_NODES = 10 ** NUMBER_WIDTH - 1;

/** RFC 1123 (section 2.1) with RFC 1035: a label has 63 characters at most. */
const MAX_LABEL = 63;
export const MAX_PREFIX = MAX_LABEL - NUMBER_WIDTH;

/** The name of node `number`, counted from 1: `dev-core` and 1 give `dev-core01`. */
export const nodeName = (prefix: string, number: number): string =>
  prefix + String(number).padStart(NUMBER_WIDTH, "0");

/**
 * Whether a text is a host name label (RFC 1123) in lower case. Labels of digits only are refused as well, since
 * many programs take them for an IPv4 address.
 */
export const isLabel = (text: string): boolean =>
  text.length <= MAX_LABEL && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text) && /[a-z]/.test(text);

/** Whether all node names with this prefix are valid labels. */
export const isPrefix = (prefix: string): boolean => prefix !== "" && isLabel(nodeName(prefix, MAX_NODES));

/** Valid labels that mean something else on every machine (RFC 6761). */
export const RESERVED_NAMES: readonly string[] = ["localhost"];

/** The prefix that a stack gets when its config has none; not always a valid one. */
export const defaultPrefix = (stack: string): string => `${stack}-core`;

/** A valid prefix as near as can be to what the user has: for error messages. */
export function proposePrefix(text: string): string {
  const plain = text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, MAX_PREFIX)
    .replace(/-+$/, "");
  if (isPrefix(plain)) return plain;
  return plain === "" ? "my-core" : `core-${plain}`.slice(0, MAX_PREFIX);
}

/** A valid host name as near as can be to what the user has, and none of those that are taken: for error messages. */
export function proposeName(text: string, taken: readonly string[]): string {
  const base = RESERVED_NAMES.includes(text) ? "node" : proposePrefix(text);
  if (!taken.includes(base) && isLabel(base)) return base;
  for (let number = 2; ; number++) {
    const candidate = `${base.slice(0, 58).replace(/-+$/, "")}-${number}`;
    if (!taken.includes(candidate)) return candidate;
  }
}
