import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import fc from "fast-check";
import { BACKDATED, issue, type KeyPair, makeAuthority, YEARS } from "../../../commands/certificates/x509.ts";

const NOW = new Date("2026-11-27T12:00:00Z");
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

const read = ({ cert }: KeyPair): X509Certificate => new X509Certificate(cert);
const fits = ({ cert, key }: KeyPair): boolean =>
  new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));

describe("certificates", () => {
  let authority: KeyPair;
  before(async () => {
    authority = await makeAuthority("dev etcd CA", NOW);
  });

  it("an authority vouches for itself, and for no other authority", () => {
    const ca = read(authority);
    ok(ca.ca && fits(authority));
    ok(ca.checkIssued(ca) && ca.verify(ca.publicKey));
    equal(ca.subject, "CN=dev etcd CA");
    // Basic constraints as OpenSSL prints them are not to be had from Node: the DER of `CA:TRUE, pathlen:0`, critical.
    ok(ca.raw.toString("hex").includes("0603551d130101ff040830060101ff020100"));
  });

  it("a member's is for servers and clients, under its names and addresses", async () => {
    const pair = await issue(
      authority,
      { name: "dev-core01", hosts: ["dev-core01", "10.0.0.5", "::1"] },
      NOW,
    );
    const [ca, cert] = [read(authority), read(pair)];
    ok(fits(pair) && cert.checkIssued(ca) && cert.verify(ca.publicKey) && !cert.ca);
    equal(cert.subject, "CN=dev-core01");
    equal(cert.subjectAltName, "DNS:dev-core01, IP Address:10.0.0.5, IP Address:0:0:0:0:0:0:0:1");
    deepEqual(cert.keyUsage.toSorted(), [SERVER_AUTH, CLIENT_AUTH]);
    equal(cert.checkHost("dev-core01"), "dev-core01");
    equal(cert.checkHost("dev-core02"), undefined);
    equal(cert.checkIP("10.0.0.5"), "10.0.0.5");
    equal(cert.checkIP("10.0.0.6"), undefined);
  });

  it("a client's serves nobody", async () => {
    const pair = await issue(authority, { name: "root", hosts: [] }, NOW);
    const cert = read(pair);
    ok(fits(pair) && cert.verify(read(authority).publicKey));
    deepEqual(cert.keyUsage, [CLIENT_AUTH]);
    equal(cert.subjectAltName, undefined);
  });

  it("a server's that is nobody's client is for servers alone", async () => {
    const pair = await issue(authority, { name: "a", hosts: ["a"], serverOnly: true }, NOW);
    deepEqual(read(pair).keyUsage, [SERVER_AUTH]);
    equal(read(pair).checkHost("a"), "a");
  });

  it("none is of another authority, even of the same name", async () => {
    const other = await makeAuthority("dev etcd CA", NOW);
    notEqual(other.key, authority.key);
    const cert = read(await issue(other, { name: "dev-core01", hosts: ["dev-core01"] }, NOW));
    equal(cert.verify(read(authority).publicKey), false);
  });

  it("they hold for years, from before they are made, and no longer than their authority", async () => {
    const later = new Date(NOW.getTime() + 400 * 24 * 60 * 60 * 1000);
    const late = read(await issue(authority, { name: "a", hosts: ["a"] }, later));
    const [ca, early] = [read(authority), read(await issue(authority, { name: "a", hosts: ["a"] }, NOW))];
    for (const cert of [ca, early]) {
      equal(new Date(cert.validFrom).getTime(), NOW.getTime() - BACKDATED);
      equal(new Date(cert.validTo).getUTCFullYear(), NOW.getUTCFullYear() + YEARS);
    }
    equal(late.validTo, ca.validTo);
  });

  it("a clock beyond 2049 can be written, too", async () => {
    const far = new Date("2049-06-01T00:00:00Z");
    equal(new Date(read(await makeAuthority("far", far)).validTo).getUTCFullYear(), 2049 + YEARS);
  });

  it("serial numbers are positive and differ", async () => {
    const numbers = new Set<string>();
    for (let count = 0; count < 20; count++) {
      const { serialNumber } = read(await issue(authority, { name: "a", hosts: [] }, NOW));
      match(serialNumber, /^[4-7][0-9A-F]{31}$/);
      numbers.add(serialNumber);
    }
    equal(numbers.size, 20);
  });

  it("every label and address that a node can have is certified exactly", async () => {
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
    const hosts = fc.uniqueArray(fc.oneof(label, fc.ipV4(), fc.ipV6()), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(label, hosts, async (name, list) => {
        const pair = await issue(authority, { name, hosts: list }, NOW);
        const cert = read(pair);
        ok(fits(pair) && cert.verify(read(authority).publicKey));
        equal(cert.subject, `CN=${name}`);
        for (const host of list) {
          ok(isIP(host) === 0 ? cert.checkHost(host) : cert.checkIP(host), host);
        }
        equal(cert.subjectAltName?.split(", ").length, list.length);
      }),
      { numRuns: 60 },
    );
  });
});
