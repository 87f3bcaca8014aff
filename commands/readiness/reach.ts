/** Whether a machine answers by itself: by its name, and on its ssh port. */
import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { DIRECT, type Way, type WayTo } from "../way.ts";
import { messageOf } from "../ui/errors.ts";

export interface Reach {
  /** The IPv4 address that a node's name has here; undefined where it has none. */
  resolve(name: string): Promise<string | undefined>;
  /** Undefined when a node's ssh server answers there, else what happened instead. */
  ssh(host: string, name: string): Promise<string | undefined>;
}

/** Milliseconds: under emulation sshd takes its time to say its name. */
const TIME_LIMIT = 5000;

async function resolve(name: string): Promise<string | undefined> {
  try {
    return (await lookup(name, { family: 4 })).address;
  } catch {
    return undefined;
  }
}

/**
 * Connects and waits for the server's identification, which begins with `SSH-` (RFC 4253, 4.2): a mere open port may be
 * a forwarder's.
 */
export async function sshAnswers(
  host: string,
  port: number,
  timeLimit = TIME_LIMIT,
  { dial }: Way = {},
): Promise<string | undefined> {
  const bare = host.replace(/^\[|\]$/g, "");
  try {
    const stream = dial === undefined ? connect({ host: bare, port }) : await dial(bare, port);
    return await identified(stream, port, timeLimit);
  } catch (error) {
    return messageOf(error);
  }
}

const identified = (socket: Duplex, port: number, timeLimit: number): Promise<string | undefined> =>
  new Promise((done) => {
    let text = "";
    const end = (trouble: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      done(trouble);
    };
    const timer = setTimeout(() => {
      end(`no answer on port ${port} within ${timeLimit / 1000} s`);
    }, timeLimit);
    socket.on("error", ({ message }) => {
      end(message);
    });
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (/^SSH-/m.test(text)) end(undefined);
      else if (text.length > 4096) end(`port ${port} is not served by ssh`);
    });
    socket.on("close", () => {
      end(`port ${port} is not served by ssh`);
    });
  });

/**
 * @param wayTo how the machines are reached.
 * @param sshPort where they serve ssh.
 */
export const readReach = (wayTo: WayTo = DIRECT, sshPort = 22): Reach => ({
  resolve,
  ssh: (host, name) => sshAnswers(host, sshPort, TIME_LIMIT, wayTo({ name, host })),
});
