/** Asks for a DHCP server on a host's bridge, as a machine that is attached to it would. Root only. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { HostShell } from "../types.ts";
import { complaint } from "../words.ts";
import { discover, type Offer, offerIn } from "./packet.ts";

/** What a probe heard. */
export type DhcpSeen =
  | { readonly kind: "offer"; readonly offer: Offer }
  /** Nobody answered for that many seconds. */
  | { readonly kind: "silence"; readonly seconds: number }
  /** The probe itself could not be made. */
  | { readonly kind: "fault"; readonly words: string };

/** Seconds. Servers try an address before they offer it: dnsmasq takes 3 s for that, and a second try may be needed. */
export const PATIENCE = 10;

/** Seconds that the probe may take beside the waiting. */
const OVERHEAD = 20;

const own = (name: string): string => join(import.meta.dirname, name);
const textOf = (name: string): string => readFileSync(own(name), "utf8");

/** What sends and hears the messages on a host: Node.js runs the doctor, but need not be where it looks. Perl or Python 3 is on all but the barest. */
async function relayFor(shell: HostShell): Promise<readonly string[] | undefined> {
  if (shell.local) return [process.execPath, own("relay.ts")];
  // One that is there but doesn't start is none.
  for (const [file, option, source] of [
    ["python3", "-c", "relay.py"],
    ["perl", "-e", "relay.pl"],
  ] as const)
    if ((await shell.run([file, option, ""])).code === 0) return [file, option, textOf(source)];
  return undefined;
}

/**
 * Sends DISCOVERs on a bridge of the shell's network namespace and waits for an offer; nothing is taken, so no lease is made.
 *
 * Asked is from a namespace of its own, which an unnamed process on the host holds: a pair of interfaces joins it to the bridge.
 * When that ends, and it does when this process or the connection to the host does, the kernel removes both.
 * @param seconds how long to wait.
 */
export async function probeDhcp(
  shell: HostShell,
  bridge: string,
  seconds: number = PATIENCE,
): Promise<DhcpSeen> {
  const relay = await relayFor(shell);
  if (relay === undefined)
    return { kind: "fault", words: `neither python3 nor perl can be run on ${shell.name}` };
  const random = randomBytes(5);
  const port = `dhcp-${random.toString("hex")}`; // 15 characters, the most that a name can have
  const mac = `02:${random.toString("hex").replace(/(..)(?=.)/g, "$1:")}`;
  const transaction = randomBytes(4).readUInt32BE(0);
  const asked = discover(mac, transaction).toString("hex");
  const joined = ["unshare", "--net", "sh", "-c", textOf("ask.sh"), "sh", port, bridge, mac] as const;
  try {
    const answer = await shell.run([...joined, ...relay, String(seconds), asked], {
      held: true,
      timeout: seconds + OVERHEAD,
    });
    if (answer.code !== 0) return { kind: "fault", words: complaint(answer) };
    const heard = answer.stdout.trim();
    if (heard === "") return { kind: "silence", seconds };
    const offer = offerIn(Buffer.from(heard, "hex"), transaction);
    return offer === undefined
      ? { kind: "fault", words: "what answered the DISCOVER is no offer" }
      : { kind: "offer", offer };
  } finally {
    // The kernel removes the interfaces with the namespace, a moment after its last process: here it has to be at once.
    await shell.run(["ip", "link", "delete", "dev", port]);
  }
}
