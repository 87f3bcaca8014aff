/** What the guests say on their serial consoles, and whether that means that they won't come up. */
import { open } from "node:fs/promises";
import { accessBy, runOn } from "../../host/access.ts";
import { isBehindSsh } from "../../host/remote.ts";
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

/** Where a machine stands that is no system that anybody could log in to: what mends it differs. */
export type StuckIn = "boot" | "ignition" | "fetching";

/** The same without a line that has not come to its end yet: half of a reason is not what the machine says. */
export const wholeLines = (text: string): string[] =>
  plainLines(text.slice(0, Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r")) + 1));

interface Sign {
  readonly pattern: RegExp;
  readonly says: (found: RegExpExecArray) => string;
  /** The guest says nothing more that would explain it. */
  readonly final: boolean;
  /** Undefined where the system ran, and may run on. */
  readonly stuckIn?: StuckIn;
}

const withReason = (what: string) => (found: RegExpExecArray) => `${what}: ${found[1]?.trim() ?? ""}`;

/**
 * What the lab image prints when something fails, each time with the reason behind it, and what that means for the guest;
 * undefined where it comes up all the same.
 */
export const LAB_MARKERS: Readonly<Record<string, string | undefined>> = {
  "COREOS-CLUSTER-IGNITION-FAILED": "Ignition failed",
  "COREOS-CLUSTER-BOOT-FAILED": "the system could not start",
  "COREOS-CLUSTER-GROW-FAILED": undefined,
};

const LAB_SIGNS: readonly Sign[] = Object.entries(LAB_MARKERS).flatMap(([marker, what]): Sign[] => {
  if (what === undefined) return [];
  const stuckIn = marker.includes("-IGNITION-") ? "ignition" : "boot";
  return [{ pattern: new RegExp(`${marker}:\\s*(.*)`), says: withReason(what), final: true, stuckIn }];
});

/** What systems print that know nothing of us, in the order of how much it explains. */
const FOREIGN_SIGNS: readonly Omit<Sign, "final">[] = [
  // Ignition itself, where the journal goes to the console.
  {
    pattern: /\bignition(?:\[\d+\])?: Ignition failed: (.*)/,
    says: withReason("Ignition failed"),
    stuckIn: "ignition",
  },
  {
    pattern: /\bignition(?:\[\d+\])?: (?:CRITICAL|\[CRITICAL\])\s*:?\s*(.*)/i,
    says: withReason("Ignition failed"),
    stuckIn: "ignition",
  },
  { pattern: /(Ignition has failed\. .*)/, says: (found) => found[1] ?? "", stuckIn: "ignition" },
  { pattern: /(Failed to start .*Ignition.*)/i, says: withReason("Ignition failed"), stuckIn: "ignition" },
  { pattern: /Kernel panic - not syncing: (.*)/, says: withReason("kernel panic") },
  { pattern: /Out of memory: (Kill(?:ed)? process .*)/, says: withReason("out of memory") },
  // Within the limit of a unit or a container. Those of others may be killed by theirs every day.
  {
    pattern: /Memory cgroup out of memory: (Kill(?:ed)? process \d+ \(etcd\).*)/,
    says: withReason("out of memory"),
  },
  {
    pattern: /(You are in emergency mode.*|Entering emergency mode.*)/,
    says: () => "stopped in emergency mode",
    stuckIn: "boot",
  },
];

const SIGNS: readonly Sign[] = [...LAB_SIGNS, ...FOREIGN_SIGNS.map((sign) => ({ ...sign, final: false }))];

export interface Failure {
  readonly reason: string;
  /** False where the guest may say more in the next seconds: a unit's failure comes before what explains it. */
  readonly final: boolean;
  readonly stuckIn: StuckIn | undefined;
}

/** Why this console's guest won't come up; undefined as long as nothing says so. */
export function failureIn(console: readonly string[]): Failure | undefined {
  for (const { pattern, says, final, stuckIn } of SIGNS)
    for (const line of console) {
      const found = pattern.exec(line);
      if (found !== null) return { reason: says(found), final, stuckIn };
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

/** Milliseconds that what was read through ssh counts: each look costs the host a program. */
const FRESH = 4000;

/** The end of a file on a host behind ssh, at most every few seconds. */
function tailThroughSsh(uri: string, now: () => number): (path: string) => Promise<string> {
  const access = accessBy(uri);
  const known = new Map<string, { readonly at: number; readonly text: Promise<string> }>();
  return async (path) => {
    const last = known.get(path);
    if (last !== undefined && now() - last.at < FRESH) return await last.text;
    const text = runOn(access, ["tail", "-c", String(TAIL), "--", path]);
    known.set(path, { at: now(), text });
    return await text;
  };
}

/** Whether a host's files can be read at all: this machine's, or through ssh. */
const howToRead = (uri: string): "here" | "ssh" | undefined => {
  if (isLocal(uri)) return "here";
  return isBehindSsh(uri) ? "ssh" : undefined;
};

/** The logs lie on the libvirt host: they are read there, where that is this machine or one behind ssh, and they may be read. */
export function readConsoles(uri: string): Consoles {
  const how = howToRead(uri);
  const read = how === "ssh" ? tailThroughSsh(uri, () => performance.now()) : readTail;
  return {
    path: logPath,
    tail: async (name) => {
      if (how === undefined) return undefined;
      try {
        return wholeLines(await read(logPath(name)));
      } catch {
        return undefined;
      }
    },
  };
}
