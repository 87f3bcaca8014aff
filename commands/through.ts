/**
 * The way to what a libvirt host can reach and this machine perhaps can't, such as guests on a bridge of a host behind ssh:
 * directly where that works, else through the host.
 */
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { isBySsh, parseConnection } from "../host/remote.ts";
import { tunnelTo } from "../host/tunnel.ts";
import type { Way } from "./way.ts";

type Dial = NonNullable<Way["dial"]>;

/** Milliseconds that a machine may take to take a connection from here, before the host is asked for one. */
const DIRECT_LIMIT = 2000;

/** How connections are opened: `tunnel` gives one at once, and tells by its error that it could not be made. */
export interface Openers {
  readonly direct: Dial;
  readonly tunnel: (host: string, port: number) => Duplex;
}

const direct: Dial = (host, port) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const timer = setTimeout(() => {
      socket.destroy(new Error(`no answer from here within ${DIRECT_LIMIT / 1000} s`));
    }, DIRECT_LIMIT);
    socket.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });

/**
 * Tries each machine directly, and through the host where that fails; what has once worked is what is tried from then on.
 * A refusal counts as a failure too: another machine may have the same address here.
 * @param onThrough told once, when the first machine has answered through the host.
 */
export function dialer({ direct: straight, tunnel }: Openers, onThrough: () => void): Dial {
  const straightTo = new Set<string>();
  const throughTo = new Set<string>();
  return async (host, port) => {
    if (straightTo.has(host)) return await straight(host, port);
    // Where one is behind the host, so are the others; nobody waits for each of them.
    if (throughTo.size === 0)
      try {
        const stream = await straight(host, port);
        straightTo.add(host);
        return stream;
      } catch {
        // through the host, whose words count from here on
      }
    const stream = tunnel(host, port);
    stream.once("readable", () => {
      if (throughTo.size === 0) onThrough();
      throughTo.add(host);
    });
    return stream;
  };
}

/**
 * The way to machines in a libvirt host's networks. Where the host is this machine, or its connection none by ssh, that is
 * TCP from here, as everywhere.
 * @param onThrough told once, with the host's name, when machines turn out to be reached only through it.
 */
export function wayVia(uri: string, onThrough: (host: string) => void = () => undefined): Way {
  const connection = uri.includes("://") ? parseConnection(uri) : undefined;
  if (connection === undefined || !isBySsh(connection)) return {};
  const openers = { direct, tunnel: (host: string, port: number) => tunnelTo(uri, host, port) };
  const dial = dialer(openers, () => {
    onThrough(connection.host);
  });
  return { dial };
}
