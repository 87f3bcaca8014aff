/** What the texts of this folder are made of. */
import { isIP, isIPv4 } from "node:net";
import type { Role } from "../plan/types.ts";

/** A node as the stack's output `nodes` has it. */
export interface Machine {
  /** An RFC 1123 label (a-z, 0-9, -): no format here needs it quoted, nor takes it for anything else. */
  readonly name: string;
  /** Six pairs of hex digits with colons. */
  readonly mac: string;
  readonly role: Role;
  /** Best first. They were told by the guests themselves: what is no IP address is passed over. */
  readonly addresses: readonly string[];
  /** How ssh gets there, where the machine is reached only through its libvirt host. */
  readonly proxyCommand?: string | undefined;
}

/** The best address; undefined where none is known. */
export const addressOf = ({ addresses }: Machine): string | undefined =>
  addresses.find((address) => isIP(address) !== 0 && !address.includes("%"));

/** The best IPv4 address; undefined where none is known. */
export const ipv4Of = ({ addresses }: Machine): string | undefined =>
  addresses.find((address) => isIPv4(address));

/** Lines, each with its end; the empty text where there is none. */
export const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");
