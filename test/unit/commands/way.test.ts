import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, connect, createServer as createTcp } from "node:net";
import type { TLSSocket } from "node:tls";
import { issue, type KeyPair, makeAuthority } from "../../../commands/certificates/x509.ts";
import { ask, type Credentials, type Way } from "../../../commands/http.ts";
import { readEtcd } from "../../../commands/readiness/etcd.ts";
import { memberStatus } from "../../../commands/readiness/maintenance.ts";

describe("ways to a server with mutual TLS", () => {
  let authority: KeyPair;
  let right: Credentials;
  let port: number;
  /** Common names of the clients that were let in, with what they asked. */
  let served: string[];
  let close: () => void;

  before(async () => {
    authority = await makeAuthority("test CA");
    const server = await issue(authority, { name: "n1", hosts: ["n1", "127.0.0.1"] });
    right = { ca: authority.cert, ...(await issue(authority, { name: "someone", hosts: [] })) };
    const options = { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: true };
    const listener = createServer(options, (request: IncomingMessage, response) => {
      const { socket }: { socket: unknown } = request;
      const { subject } = (socket as TLSSocket).getPeerCertificate();
      served.push(`${[subject.CN].join()} ${request.method ?? ""} ${request.url ?? ""}`);
      request.resume();
      const answers: Readonly<Record<string, object>> = {
        "/health": { health: "true" },
        "/v3/maintenance/status": { header: { member_id: "10" }, version: "3.4.0", leader: "10" },
      };
      response.end(JSON.stringify(answers[request.url ?? ""] ?? {}));
    });
    listener.on("tlsClientError", () => undefined);
    await new Promise<void>((ready) => listener.listen(0, "127.0.0.1", ready));
    port = (listener.address() as AddressInfo).port;
    close = () => {
      listener.closeAllConnections();
      listener.close();
    };
  });
  beforeEach(() => (served = []));
  after(() => {
    close();
  });

  const get = (way: Way | undefined, host = "127.0.0.1") =>
    ask(`https://${host}:${port}/health`, {}, 5000, way);

  it("the right client is let in", async () => {
    equal((await get({ tls: right })).text, '{"health":"true"}');
    deepEqual(served, ["someone GET /health"]);
  });

  it("one without a certificate, and one of another authority, are not", async () => {
    const other = await makeAuthority("test CA");
    const stranger = await issue(other, { name: "someone", hosts: [] });
    ok((await get({ tls: { ...right, ...stranger } })).reason !== undefined);
    ok((await get(undefined)).reason !== undefined);
    deepEqual(served, []);
  });

  it("a server of another authority is refused, whatever the system trusts", async () => {
    const other = await makeAuthority("test CA");
    const answer = await get({ tls: { ...right, ca: other.cert } });
    ok(answer.reason !== undefined && answer.hopeless);
    deepEqual(served, []);
  });

  it("the name that is verified is the address's own, or that of the node", async () => {
    // All of 127.0.0.0/8 is this machine; the certificate has 127.0.0.1 and n1.
    const listener = await relay(port, "127.0.0.2");
    const at = (way: Way) => ask(`https://127.0.0.2:${listener.port}/health`, {}, 5000, way);
    match((await at({ tls: right })).reason ?? "", /127\.0\.0\.2/);
    equal((await at({ tls: right, serverName: "n1" })).status, 200);
    match((await at({ tls: right, serverName: "n2" })).reason ?? "", /n2/);
    listener.close();
  });

  it("a connection can be opened by somebody else, with TLS through it and without", async () => {
    const dialled: string[] = [];
    const dial: Way["dial"] = (host, number) => {
      dialled.push(`${host}:${number}`);
      return Promise.resolve(connect({ host: "127.0.0.1", port }));
    };
    const url = "https://far.invalid:1234/health";
    equal((await ask(url, {}, 5000, { tls: right, serverName: "n1", dial })).status, 200);
    // This server hangs up on whoever doesn't speak TLS.
    ok((await ask("http://[fd00::1]/health", {}, 5000, { dial })).reason !== undefined);
    const refuse: Way["dial"] = () => Promise.reject(new Error("ssh says no"));
    equal((await ask(url, {}, 5000, { dial: refuse })).reason, "ssh says no");
    deepEqual(dialled, ["far.invalid:1234", "fd00::1:80"]);
  });

  it("a connection that opens too late is closed, and the answer is there in time", async () => {
    const late = connect({ host: "127.0.0.1", port });
    const dial: Way["dial"] = () => new Promise((opened) => setTimeout(opened, 300, late));
    match((await ask("http://far.invalid/", {}, 100, { dial })).reason ?? "", /within 0.1 s/);
    await new Promise((closed) => late.once("close", closed));
  });

  it("members are asked over https where the way has certificates", async () => {
    const etcd = readEtcd(port, ({ name }) => ({ tls: right, serverName: name }));
    equal(etcd.endpoint({ name: "n1", host: "10.0.0.1" }), `https://10.0.0.1:${port}`);
    equal(await etcd.unhealthy({ name: "n1", host: "127.0.0.1" }), undefined);
    const status = await memberStatus(`https://127.0.0.1:${port}/`, { tls: right });
    deepEqual([status?.id, status?.leader], ["a", "a"]);
    equal(readEtcd(2379).endpoint({ name: "n1", host: "10.0.0.1" }), "http://10.0.0.1:2379");
  });
});

/** A TCP forwarder at another address. */
async function relay(port: number, host: string): Promise<{ port: number; close(): void }> {
  const server = createTcp((socket) => {
    const further = connect({ host: "127.0.0.1", port });
    socket.pipe(further).pipe(socket);
    for (const stream of [socket, further]) stream.on("error", () => undefined);
  });
  await new Promise<void>((ready) => server.listen(0, host, ready));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => server.close(),
  };
}
