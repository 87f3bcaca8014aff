/** Test doubles that speak HTTP on loopback: a discovery registry, etcd members. They are no etcd; they play one. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export interface Said {
  readonly status?: number;
  readonly body?: unknown;
  readonly delay?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Answers = (asked: Asked) => Said | undefined;

export interface Double {
  readonly url: string;
  readonly port: number;
  readonly asked: Asked[];
  close(): Promise<void>;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** A server that answers as `answers` says; nothing there is a 404. Strings go out as they are, all else as JSON. */
export async function serve(answers: Answers, host = "127.0.0.1", port = 0): Promise<Double> {
  const asked: Asked[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const question = { method: request.method ?? "", path: request.url ?? "", body: await readBody(request) };
    asked.push(question);
    const {
      status = 200,
      body = "",
      delay = 0,
      headers = {},
    } = answers(question) ?? { status: 404, body: "404 page not found" };
    setTimeout(() => {
      response.writeHead(status, headers);
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    }, delay);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${bound}`,
    port: bound,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

/** Runs `work` while what goes to standard error is kept from the terminal. @returns what was written there. */
export async function quietly(work: () => Promise<unknown>): Promise<string> {
  const write = process.stderr.write.bind(process.stderr);
  let text = "";
  process.stderr.write = (chunk: string) => {
    text += chunk;
    return true;
  };
  try {
    await work();
  } finally {
    process.stderr.write = write;
  }
  return text;
}
