/** Certificates whose time is over, or has not come: what is said of them. */
import { equal, match } from "node:assert/strict";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { BACKDATED, issue, makeAuthority, YEARS } from "../../../commands/certificates/x509.ts";
import { type Answer, ask } from "../../../commands/http.ts";

const DAY = 24 * 60 * 60 * 1000;

/** Asks a server whose certificates, and the client's, were made at that time. */
async function askedWith(made: Date): Promise<Answer> {
  const authority = await makeAuthority("authority", made);
  const server: Server = createServer(
    {
      ...(await issue(authority, { name: "one", hosts: ["one"] }, made)),
      ca: authority.cert,
      requestCert: true,
    },
    (_, response) => response.end("yes"),
  );
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  try {
    const { port } = server.address() as AddressInfo;
    const client = await issue(authority, { name: "root", hosts: [] }, made);
    const tls = { ca: authority.cert, ...client };
    return await ask(`https://127.0.0.1:${port}/`, {}, 5000, { tls, serverName: "one" });
  } finally {
    server.close();
  }
}

describe("certificates and time", () => {
  it("are taken by clocks that are late by a week, and for years", async () => {
    for (const made of [BACKDATED - DAY, -YEARS * 365 * DAY + 30 * DAY].map(
      (ago) => new Date(Date.now() + ago),
    ))
      equal((await askedWith(made)).status, 200, made.toISOString());
  });

  it("that have expired are told of, with what makes new ones", async () => {
    const made = new Date(Date.now() - (YEARS * 366 + 1) * DAY);
    const answer = await askedWith(made);
    match(answer.reason ?? "", /certificate has expired \(.*tlsRotation.*the clock here is wrong/);
    equal(answer.reason === undefined ? undefined : answer.hopeless, true);
  });

  it("that do not hold yet are told of: clocks differ by more than a week", async () => {
    const answer = await askedWith(new Date(Date.now() + BACKDATED + DAY));
    match(answer.reason ?? "", /not yet valid \(the clock here is late/);
  });
});
