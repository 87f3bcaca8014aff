/** How a server is reached: with which certificates, and over which connection. */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { connect as connectTcp } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";

/** What a client of servers with mutual TLS has; each is PEM. */
export interface Credentials {
  /** The only authority whose servers are trusted: those of the system don't count. */
  readonly ca: string;
  /** The client's own certificate. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
}

/** All missing: plain TCP, and for https the system's authorities and no certificate of one's own. */
export interface Way {
  /** For https: what the server is verified against, and what the client shows. */
  readonly tls?: Credentials;
  /** The name that the server's certificate must have, where the URL has another, or an address that it has not. */
  readonly serverName?: string;
  /** Opens the connection otherwise than by TCP from here, such as through another machine. Rejects with the reason. */
  readonly dial?: (host: string, port: number) => Promise<Duplex>;
}

/** Where a machine of a cluster may be. */
export interface Place {
  /** The node's name. */
  readonly name: string;
  /** An address, or a name that resolves here. */
  readonly host: string;
}

/** The way to each machine of a cluster. */
export type WayTo = (place: Place) => Way;

/** The ordinary way. */
export const DIRECT: WayTo = () => ({});

type Opened = (error: Error | null, stream?: Duplex) => void;

/** TLS over what `dial` opens, or over TCP. Errors of the handshake come from the stream itself. */
async function secured(host: string, port: number, { tls, serverName, dial }: Way): Promise<Duplex> {
  return connectTls({
    ...(dial === undefined ? {} : { socket: await dial(host, port) }),
    // Also what is verified where there is no name to be verified.
    ...{ host, port },
    ...(tls === undefined ? {} : { ...tls, minVersion: "TLSv1.2" }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
}

const plain = async (host: string, port: number, { dial }: Way): Promise<Duplex> =>
  dial === undefined ? connectTcp({ host, port }) : await dial(host, port);

/**
 * An agent for one request. Not the global ones: those may be told by NODE_USE_ENV_PROXY to go through a proxy.
 * @param url an http or https URL.
 */
export function agentFor({ protocol, hostname, port }: URL, way: Way): HttpAgent {
  const secure = protocol === "https:";
  const agent = secure ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false });
  if (way.tls === undefined && way.serverName === undefined && way.dial === undefined) return agent;
  const host = hostname.replace(/^\[|\]$/g, "");
  const number = port === "" ? (secure ? 443 : 80) : Number(port);
  agent.createConnection = (_, opened) => {
    (secure ? secured : plain)(host, number, way).then(
      (stream) => {
        (opened as Opened)(null, stream);
      },
      (error: unknown) => {
        (opened as Opened)(error instanceof Error ? error : new Error(String(error)));
      },
    );
    return undefined;
  };
  return agent;
}
