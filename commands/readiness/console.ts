/** What the guests say on their serial consoles, and whether that means that they won't come up. */
import { open } from "node:fs/promises";
import { isLocal } from "../../host/virsh.ts";

export interface Consoles {
  /** The end of a node's console log as plain lines; undefined where it can't be read from here. */
  tail(name: string): Promise<readonly string[] | undefined>;
  /** Where the log is, for messages. */
  path(name: string): string;
}

/** Bytes of a log that are looked at: a boot writes some 30 KiB. */
const TAIL = 256 * 1024;

export const logPath = (name: string): string => `/var/log/libvirt/qemu/${name}-console.log`;

/** Terminal control sequences: CSI (colours, cursor), OSC (titles), and two-character ones. */

const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

export const plainLines = (text: string): string[] =>
  text
    .replace(ESCAPES, "")
    .split(/[\r\n]+/)

    .map((line) => line.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "").trimEnd())
    .filter((line) => line !== "");

interface Sign {
  readonly pattern: RegExp;
  readonly says: (found: RegExpExecArray) => string;
}

const withReason = (what: string) => (found: RegExpExecArray) => `${what}: ${found[1]?.trim() ?? ""}`;

/** In the order of how much they explain. */
const SIGNS: readonly Sign[] = [
  // The lab image prints this, with the reason from the journal.
  { pattern: /COREOS-CLUSTER-IGNITION-FAILED:\s*(.*)/, says: withReason("Ignition failed") },
  // Ignition itself, where the journal goes to the console.
  { pattern: /\bignition(?:\[\d+\])?: Ignition failed: (.*)/, says: withReason("Ignition failed") },
  {
    pattern: /\bignition(?:\[\d+\])?: (?:CRITICAL|\[CRITICAL\])\s*:?\s*(.*)/i,
    says: withReason("Ignition failed"),
  },
  { pattern: /(Ignition has failed\. .*)/, says: (found) => found[1] ?? "" },
  { pattern: /(Failed to start .*Ignition.*)/i, says: withReason("Ignition failed") },
  { pattern: /Kernel panic - not syncing: (.*)/, says: withReason("kernel panic") },
  { pattern: /Out of memory: (Kill(?:ed)? process .*)/, says: withReason("out of memory") },
  {
    pattern: /(You are in emergency mode.*|Entering emergency mode.*)/,
    says: () => "stopped in emergency mode",
  },
];

export interface Failure {
  readonly reason: string;
  /** False where the guest may say more in the next seconds: a unit's failure comes before what explains it. */
  readonly final: boolean;
}

/** Why this console's guest won't come up; undefined as long as nothing says so. */
export function failureIn(console: readonly string[]): Failure | undefined {
  for (const [rank, { pattern, says }] of SIGNS.entries())
    for (const line of console) {
      const found = pattern.exec(line);
      if (found !== null) return { reason: says(found), final: rank === 0 };
    }
  return undefined;
}

async function readTail(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, TAIL));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.subarray(0, bytesRead).toString("utf8");
  } finally {
    await file.close();
  }
}

/** The logs lie on the libvirt host: they are read where that is this machine and they may be read. */
export const readConsoles = (uri: string): Consoles => ({
  path: logPath,
  tail: async (name) => {
    if (!isLocal(uri)) return undefined;
    try {
      return plainLines(await readTail(logPath(name)));
    } catch {
      return undefined;
    }
  },
});
