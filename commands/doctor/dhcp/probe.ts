/** Asks for a DHCP server on a bridge, as a machine that is attached to it would. Root only. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { field, parsed } from "../../http.ts";
import { runHere } from "../shell.ts";
import { complaint } from "../words.ts";
import type { Offer } from "./packet.ts";

/** What a probe heard. */
export type DhcpSeen =
  | { readonly kind: "offer"; readonly offer: Offer }
  /** Nobody answered for that many seconds. */
  | { readonly kind: "silence"; readonly seconds: number }
  /** The probe itself could not be made. */
  | { readonly kind: "fault"; readonly words: string };

/** Seconds. Servers try an address before they offer it: dnsmasq takes 3 s for that, and a second try may be needed. */
export const PATIENCE = 10;

/** Commands that attach the probe to a bridge. The end at the bridge has the highest MAC: a bridge takes on the lowest of its ports'. */
const attaching = (port: string, bridge: string, pid: number): [string, ...string[]][] => [
  [
    "ip",
    "link",
    "add",
    "name",
    port,
    "address",
    "fe:ff:ff:ff:ff:fe",
    "type",
    "veth",
    "peer",
    "name",
    "dhcp0",
    "netns",
    String(pid),
  ],
  ["ip", "link", "set", "dev", port, "addrgenmode", "none"],
  ["ip", "link", "set", "dev", port, "master", bridge, "up"],
];

function seenIn(text: string, complaints: string): DhcpSeen {
  const told = parsed(text.trim());
  const offer = field(told, "offer");
  if (offer !== undefined) return { kind: "offer", offer: offer as Offer };
  const silence = field(told, "silence");
  if (typeof silence === "number") return { kind: "silence", seconds: silence };
  const fault = field(told, "fault");
  const words = typeof fault === "string" ? fault : complaints.trim();
  return { kind: "fault", words: words || "the probe ended without a word" };
}

/**
 * Sends DISCOVERs on a bridge of this network namespace and waits for an offer; nothing is taken, so no lease is made.
 *
 * Asked is from a namespace of its own, which an unnamed child process holds: a pair of interfaces joins it to the bridge.
 * When the child ends, and it does when this process does, the kernel removes both.
 * @param seconds how long to wait.
 */
export async function probeDhcp(bridge: string, seconds: number = PATIENCE): Promise<DhcpSeen> {
  const random = randomBytes(5).toString("hex");
  const port = `dhcp-${random}`; // 15 characters, the most that a name can have
  const mac = `02:${random.replace(/(..)(?=.)/g, "$1:")}`;
  const asker = join(import.meta.dirname, "asker.ts");
  const child = spawn("unshare", ["--net", process.execPath, asker, "dhcp0", mac, String(seconds)], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const [said, complained]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => said.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => complained.push(chunk));
  child.stdin.on("error", () => undefined); // it ended before it was asked
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => {
      resolve(error.message);
    });
    child.once("close", () => {
      resolve("");
    });
  });
  try {
    const fault = await attach(port, bridge, child.pid);
    if (fault !== undefined) return { kind: "fault", words: fault };
    child.stdin.write("go\n");
    const failure = await ended;
    const [text, complaints] = [said, complained].map((chunks) => Buffer.concat(chunks).toString("utf8"));
    return seenIn(text ?? "", `${complaints ?? ""}${failure}`);
  } finally {
    child.stdin.end();
    child.kill("SIGKILL");
    await ended;
    // The kernel removes the interfaces with the namespace, a moment after its last process: here it has to be at once.
    await runHere(["ip", "link", "delete", "dev", port]);
  }
}

/** Joins the child's namespace to the bridge. @returns why that failed. */
async function attach(port: string, bridge: string, pid: number | undefined): Promise<string | undefined> {
  if (pid === undefined) return "unshare could not be started";
  // `unshare` has to have made the namespace before an interface can be put into it.
  const own = (await runHere(["readlink", "/proc/self/ns/net"])).stdout;
  for (let tries = 0; ; tries++) {
    const there = await runHere(["readlink", `/proc/${pid}/ns/net`]);
    if (there.code !== 0) return "a network namespace could not be made (unshare --net)";
    if (there.stdout !== own) break;
    if (tries === 100) return "a network namespace was not made within 5 s";
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const command of attaching(port, bridge, pid)) {
    const answer = await runHere(command);
    if (answer.code !== 0) return `${command.join(" ")}: ${complaint(answer)}`;
  }
  return undefined;
}
