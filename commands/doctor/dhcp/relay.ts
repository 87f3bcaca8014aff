/**
 * The end of the DHCP probe that sits in a network namespace: sends a message to port 67 every two seconds, and prints, in hex, the
 * first answer that has its transaction number. It says nothing where none came. What the messages mean, it does not know.
 *
 * It ends as soon as standard input does, and with it goes its namespace: nothing of a probe can stay, however its parent ends.
 * relay.py and relay.pl are the same for hosts without Node.js.
 *
 * usage: node relay.ts SECONDS PACKET
 */
import { createSocket } from "node:dgram";
import { writeFileSync } from "node:fs";

/** Seconds between one message and the next. */
const PAUSE = 2;
const BOOTREPLY = 2;

const [seconds = "", hex = ""] = process.argv.slice(2);
const packet = Buffer.from(hex, "hex");

process.stdin.on("end", () => process.exit(1)).resume();
const socket = createSocket("udp4");
socket.on("error", (error) => {
  writeFileSync(2, `${error.message}\n`);
  process.exit(1);
});
socket.on("message", (message) => {
  if (message[0] !== BOOTREPLY || !message.subarray(4, 8).equals(packet.subarray(4, 8))) return;
  writeFileSync(1, `${message.toString("hex")}\n`);
  process.exit(0);
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
setTimeout(() => process.exit(0), Number(seconds) * 1000);
