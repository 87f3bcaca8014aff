/** The public keys that images are signed with: brought along, pinned by the fingerprints of their primary keys. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PublicKey } from "openpgp";
import { fetchSmall } from "./http.ts";
import { mirrored } from "./mirror.ts";
import { errorCode, ImageProblem, type Report } from "./problem.ts";
import { imagesFolder } from "./store.ts";

interface PinnedKeys {
  /** Of primary keys, in capitals. Subkeys rotate and are trusted by the primary key's signature on them. */
  readonly fingerprints: readonly string[];
  /** Where the publisher keeps the keys with their newest subkeys; undefined where there is no such place any longer. */
  readonly official?: string;
}

/** By OS family. The lab's image is made on this machine and signed by nobody. */
export const PINNED_KEYS: Readonly<Record<string, PinnedKeys>> = {
  "container-linux": { fingerprints: ["04127D0BFABEC8871FFB2CCE50E0885593D2DCB4"] },
  flatcar: {
    fingerprints: ["F88CFEDEFF29A5B4D9523864E25D9AED0593B34A"],
    official: "https://www.flatcar.org/security/image-signing-key/Flatcar_Image_Signing_Key.asc",
  },
  "fedora-coreos": {
    fingerprints: [
      "C6E7F081CF80E13146676E88829B606631645531", // Fedora 43
      "36F612DCF27F7D1A48A835E4DBFCF71C6D9F90A6", // Fedora 44
      "4F50A6114CD5C6976A7F1179655A4B02F577861E", // Fedora 45
    ],
    official: "https://fedoraproject.org/fedora.gpg",
  },
};

/** Whose signature counts. */
export type Signer =
  | { readonly kind: "family"; readonly family: string }
  | { readonly kind: "file"; readonly path: string; readonly bytes: Buffer };

export const nameOf = (signer: Signer): string => (signer.kind === "family" ? signer.family : signer.path);

/** Changes when other keys count. */
export const signerId = (signer: Signer): string =>
  signer.kind === "family"
    ? [signer.family, ...(PINNED_KEYS[signer.family]?.fingerprints ?? [])].join(" ")
    : createHash("sha256").update(signer.bytes).digest("hex");

/** What `image.signedBy` means, or `os` where it is not set; undefined for an OS whose images nobody signs. */
export function signerOf(
  signedBy: string | undefined,
  os: string,
  resolvePath: (path: string) => string,
): Signer | undefined {
  const named = signedBy ?? os;
  if (Object.hasOwn(PINNED_KEYS, named)) return { kind: "family", family: named };
  if (signedBy === undefined) return undefined;
  const path = resolvePath(signedBy);
  try {
    return { kind: "file", path, bytes: readFileSync(path) };
  } catch (error) {
    const families = Object.keys(PINNED_KEYS).join(", ");
    throw new ImageProblem(
      `in image.signedBy an OS family (${families}) or the path of a public key file; ${path} can't be read (${errorCode(error)})`,
    );
  }
}

const BLOCK = /-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]*?-----END PGP PUBLIC KEY BLOCK-----/g;

/** All public keys of a file: any number of armored blocks, or binary as `gpg --export` writes them. */
export async function readKeys(bytes: Buffer): Promise<PublicKey[]> {
  const openpgp = await import("openpgp");
  const blocks = bytes.toString("latin1").match(BLOCK) ?? [];
  const keys = await Promise.all(blocks.map((armoredKeys) => openpgp.readKeys({ armoredKeys })));
  const binary = blocks.length === 0 && (bytes[0] ?? 0) >= 0x80; // a packet's tag has its highest bit set
  if (binary) keys.push(await openpgp.readKeys({ binaryKeys: new Uint8Array(bytes) }));
  return keys.flat().map((key) => key.toPublic());
}

const fingerprintOf = (key: PublicKey): string => key.getFingerprint().toUpperCase();

/** The keys of a file whose primary fingerprint is pinned for a family. */
export async function pinnedAmong(bytes: Buffer, family: string): Promise<PublicKey[]> {
  const pins = PINNED_KEYS[family]?.fingerprints ?? [];
  return (await readKeys(bytes)).filter((key) => pins.includes(fingerprintOf(key)));
}

/** The file of the keys that are brought along. */
export const bundledFile = (family: string): string => join(import.meta.dirname, "keys", `${family}.asc`);

const fetchedFile = (family: string): string => join(imagesFolder(), "keys", `${family}.asc`);

/** Known keys with what other copies of them add: subkeys, longer validity, revocations. */
async function merged(known: readonly PublicKey[], more: readonly PublicKey[]): Promise<PublicKey[]> {
  const others = more.filter((key) => !known.some((old) => fingerprintOf(old) === fingerprintOf(key)));
  const updated = known.map(async (key) => {
    const same = more.find((other) => fingerprintOf(other) === fingerprintOf(key));
    return same === undefined ? key : await key.update(same);
  });
  return [...(await Promise.all(updated)), ...others];
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0); // nothing was fetched yet
  }
}

/**
 * The keys that count for a signer, as far as they are on this machine.
 * @throws ImageProblem where a key file holds none
 */
export async function knownKeys(signer: Signer): Promise<PublicKey[]> {
  if (signer.kind === "family") {
    const bundled = await pinnedAmong(readFileSync(bundledFile(signer.family)), signer.family);
    return await merged(bundled, await pinnedAmong(readIfThere(fetchedFile(signer.family)), signer.family));
  }
  const keys = await readKeys(signer.bytes).catch(() => []);
  if (keys.length === 0)
    throw new ImageProblem(
      `in image.signedBy a file with a public key, armored or binary; ${signer.path} holds none`,
    );
  return keys;
}

/**
 * The keys with what the publisher's own place adds to them, for signatures of subkeys that are newer than this release.
 * Only what carries a pinned primary fingerprint counts.
 * @returns undefined where there is no such place, or it can't be reached
 */
export async function refreshedKeys(
  signer: Signer,
  known: readonly PublicKey[],
  report: Report,
): Promise<PublicKey[] | undefined> {
  if (signer.kind !== "family") return undefined;
  const { family } = signer;
  const official = PINNED_KEYS[family]?.official;
  if (official === undefined) return undefined;
  report(`image: looking for new keys of ${family} at ${official}`);
  try {
    const bytes = (await fetchSmall(mirrored(official))) ?? Buffer.alloc(0);
    const fetched = await pinnedAmong(bytes, family);
    if (fetched.length === 0) return undefined;
    const keys = await merged(known, fetched);
    mkdirSync(join(imagesFolder(), "keys"), { recursive: true, mode: 0o700 });
    const part = `${fetchedFile(family)}.${process.pid}`;
    writeFileSync(part, keys.map((key) => key.armor()).join("\n"), { mode: 0o600 });
    renameSync(part, fetchedFile(family));
    return keys;
  } catch (error) {
    report(`image: ${errorCode(error)}`);
    return undefined;
  }
}
