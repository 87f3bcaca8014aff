/**
 * The end of the DHCP probe that sits in a network namespace of its own: waits until standard input says that its interface is
 * there, asks, and prints what it heard as one line of JSON: { "offer": ... }, { "silence": seconds } or { "fault": words }.
 *
 * It ends as soon as standard input does, and with it goes its namespace and the interface: nothing of a probe can stay,
 * however its parent ends.
 *
 * usage: node asker.ts INTERFACE MAC SECONDS
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { discover, offerIn } from "./packet.ts";
import { messageOf } from "../../ui/errors.ts";

/** Seconds between one DISCOVER and the next. */
const PAUSE = 2;

const [device = "", mac = "", seconds = ""] = process.argv.slice(2);

const ip = (...args: string[]): void => {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
};

function end(result: object): never {
  writeFileSync(1, `${JSON.stringify(result)}\n`);
  process.exit(0);
}

function prepare(): void {
  // An answer comes from an address to which no route leads back; a strict filter would drop it.
  for (const name of ["all", "default", device])
    writeFileSync(`/proc/sys/net/ipv4/conf/${name}/rp_filter`, "0");
  ip("link", "set", "dev", device, "address", mac);
  ip("link", "set", "dev", device, "up");
  // So that the kernel knows where a broadcast goes out; the source stays 0.0.0.0, there is no address.
  ip("route", "add", "255.255.255.255/32", "dev", device);
}

function ask(): void {
  const transaction = randomBytes(4).readUInt32BE(0);
  const packet = discover(mac, transaction);
  const socket = createSocket("udp4");
  socket.on("error", (error) => end({ fault: error.message }));
  socket.on("message", (message) => {
    const offer = offerIn(message, transaction);
    if (offer !== undefined) end({ offer });
  });
  socket.bind(68, "0.0.0.0", () => {
    socket.setBroadcast(true);
    const send = (): void => {
      // A port that just came up loses the first packets: what can't be sent now is sent again.
      socket.send(packet, 67, "255.255.255.255", () => undefined);
    };
    send();
    setInterval(send, PAUSE * 1000);
  });
  setTimeout(() => end({ silence: Number(seconds) }), Number(seconds) * 1000);
}

const input = createInterface({ input: process.stdin });
input.on("close", () => process.exit(1));
input.once("line", () => {
  try {
    prepare();
    ask();
  } catch (error) {
    end({ fault: messageOf(error) });
  }
});
