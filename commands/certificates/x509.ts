/** Certificates of one authority, made in this process: a thin layer over @peculiar/x509 and the runtime's own Web Crypto. */
// The library's dependency injection wants it before all else.
import "reflect-metadata";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import type { Holder } from "../../ignition/holders.ts";

/** A certificate and its private key (PKCS #8), both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** ECDSA on P-256: short, quick under emulation, and known to every version of etcd and Docker. */
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

const DAY = 24 * 60 * 60 * 1000;

/** Milliseconds by which certificates are older than they are: a node whose clock is that late takes them, too. */
export const BACKDATED = 7 * DAY;

/** Years that certificates hold: far longer than a throw-away cluster lives, so that nothing has to renew them. */
export const YEARS = 10;

/** The most that a common name may have (X.520's ub-common-name). */
const LONGEST_NAME = 64;

function validity(now: Date): { notBefore: Date; notAfter: Date } {
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(now.getUTCFullYear() + YEARS);
  return { notBefore: new Date(now.getTime() - BACKDATED), notAfter };
}

/** Positive, not zero, of 16 bytes (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);

async function keyPair(cert: X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<KeyPair> {
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    cert: `${cert.toString("pem")}\n`,
    key: `${PemConverter.encode(key, PemConverter.PrivateKeyTag)}\n`,
  };
}

const nameOf = (text: string) => [{ CN: [text.slice(0, LONGEST_NAME)] }];

/**
 * A new authority, which vouches for holders only, not for other authorities.
 * @param now the moment from which it holds; see BACKDATED and YEARS.
 */
export async function makeAuthority(name: string, now = new Date()): Promise<KeyPair> {
  const keys = await newKeys();
  const cert = await X509CertificateGenerator.createSelfSigned({
    ...validity(now),
    serialNumber: serialNumber(),
    name: nameOf(name),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return await keyPair(cert, keys);
}

/** IPv6 addresses in their one plain spelling: the library doesn't know `::ffff:10.0.0.1`. */
const plain = (address: string): string =>
  isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;

const alternative = (host: string) =>
  ({ type: isIP(host) === 0 ? "dns" : "ip", value: plain(host) }) as const;

/**
 * A new key with a certificate of `authority`. With hosts it serves to authenticate servers and clients, since a member is
 * both: to its peers, and to itself where etcd's JSON gateway calls its own gRPC port; without, clients only. `serverOnly` is as it says.
 */
export async function issue(authority: KeyPair, holder: Holder, now = new Date()): Promise<KeyPair> {
  const ca = new X509Certificate(authority.cert);
  const secret = PemConverter.decodeFirst(authority.key);
  const signingKey = await webcrypto.subtle.importKey("pkcs8", secret, ALGORITHM, false, ["sign"]);
  const keys = await newKeys();
  const serves = holder.hosts.length > 0;
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([
      ...(serves ? [ExtendedKeyUsage.serverAuth] : []),
      ...(holder.serverOnly === true ? [] : [ExtendedKeyUsage.clientAuth]),
    ]),
    ...(serves ? [new SubjectAlternativeNameExtension(holder.hosts.map(alternative))] : []),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    await AuthorityKeyIdentifierExtension.create(ca),
  ];
  const { notBefore, notAfter } = validity(now);
  const cert = await X509CertificateGenerator.create({
    ...{ notBefore, notAfter: notAfter < ca.notAfter ? notAfter : ca.notAfter },
    serialNumber: serialNumber(),
    subject: nameOf(holder.name),
    issuer: ca.subjectName,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    extensions,
  });
  return await keyPair(cert, keys);
}
