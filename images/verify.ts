/** Whether a published file, packed as it is, is what its publisher published. */
import { existsSync, readFileSync } from "node:fs";
import type { ImageRequest } from "../plan/types.ts";
import { contentDigest } from "./identity.ts";
import { fetchSmall } from "./http.ts";
import { PINNED_KEYS, signerId, type Signer } from "./keys.ts";
import { errorCode, ImageProblem, isUrl, quote, shown, type Report } from "./problem.ts";
import { readSignature, verifySignature } from "./signature.ts";
import { keyOf, noteTrust, noteSha512, sha256Of, trustOf, type Trust } from "./store.ts";

/** What is asked for, with paths made absolute. */
export interface Wanted {
  readonly request: ImageRequest;
  /** Absolute path, or URL. */
  readonly source: string;
  /** Where its signature lies: as the config says, else beside the source. */
  readonly signature: string;
  /** Whose signature counts; undefined for an OS whose images nobody signs. */
  readonly signer: Signer | undefined;
  readonly os: string;
}

/** `<source>.sig`; a URL's query stays at its end. */
export function besideSource(source: string): string {
  if (!isUrl(source)) return `${source}.sig`;
  const url = new URL(source);
  url.pathname += ".sig";
  return url.href;
}

const hasDigest = ({ request }: Wanted): boolean =>
  request.sha256 !== undefined || request.sha512 !== undefined;

/** Whether a signature must hold: it or its signer is named, or nothing else is said. */
export const needsSignature = (wanted: Wanted): boolean => {
  const { signature, signedBy, insecure } = wanted.request;
  return signature !== undefined || signedBy !== undefined || (!hasDigest(wanted) && insecure !== true);
};

/** Whether the config asks for no verification at all. */
export const isUnverified = (wanted: Wanted): boolean => !needsSignature(wanted) && !hasDigest(wanted);

/** Under what the verification of a URL is remembered: another signature or signer is another one. */
export function trustKey(wanted: Wanted): string {
  if (!needsSignature(wanted)) return keyOf("unverified", wanted.source);
  return keyOf(
    "url",
    wanted.source,
    wanted.signature,
    wanted.signer === undefined ? "" : signerId(wanted.signer),
  );
}

/**
 * The sha256 that a URL's file has, or had when it was verified, without a look at the network.
 * @returns undefined where it isn't known, or what is known does not agree with what the config says now
 */
export function rememberedSha256(wanted: Wanted): string | undefined {
  const { sha256, sha512 } = wanted.request;
  const known: (string | undefined)[] = [];
  if (sha256 !== undefined) known.push(sha256);
  if (sha512 !== undefined) known.push(sha256Of(sha512));
  if (needsSignature(wanted) || isUnverified(wanted)) known.push(trustOf(trustKey(wanted))?.sha256);
  return known.every((one) => one === known[0]) ? known[0] : undefined;
}

function checkDigests(file: string, { request }: Wanted): void {
  for (const algorithm of ["sha256", "sha512"] as const) {
    const expected = request[algorithm];
    if (expected === undefined) continue;
    const actual = contentDigest(file, algorithm);
    if (actual !== expected) {
      throw new ImageProblem(
        `a file whose ${algorithm} is ${expected}; this one's is ${actual}: it was changed, damaged or replaced by another ` +
          `release (image.${algorithm} is that of the file as it is published, before it is unpacked)`,
        `pulumi config set --path image.${algorithm} '<what its publisher gives>'`,
      );
    }
    if (algorithm === "sha512") noteSha512(actual, contentDigest(file, "sha256"));
  }
}

/** The signature's bytes; undefined where there is none beside the source. */
async function signatureOf(wanted: Wanted): Promise<Buffer | undefined> {
  const named = wanted.request.signature !== undefined;
  let bytes: Buffer | undefined;
  if (isUrl(wanted.signature)) bytes = await fetchSmall(wanted.signature);
  else if (existsSync(wanted.signature)) {
    try {
      bytes = readFileSync(wanted.signature);
    } catch (error) {
      throw new ImageProblem(
        `a signature that can be read; ${wanted.signature} can't be (${errorCode(error)})`,
      );
    }
  }
  if (bytes === undefined && named)
    throw new ImageProblem(`in image.signature an existing file; there is no ${shown(wanted.signature)}`);
  return bytes;
}

/** @param sha256 of the file, where it is on this machine: for the user to compare, and to set. */
function unverifiable(wanted: Wanted, why: string, sha256?: string): ImageProblem {
  const { source } = wanted.request;
  // What a URL carries besides its place may be secret, and is not repeated.
  const typed = isUrl(source) && shown(source) !== new URL(source).href ? "'<the same URL>'" : quote(source);
  const compare =
    sha256 === undefined
      ? ""
      : `. This file's sha256 is ${sha256}: compare it with its publisher's before you set it`;
  return new ImageProblem(
    `an image that is verified, and ${why}. Three ways: image.sha256 or image.sha512 as its publisher gives it; ` +
      `image.signature with image.signedBy; or image.insecure true, to use it as it is${compare}`,
    `pulumi config set --path image.source ${typed} && ` +
      `pulumi config set --path image.sha256 ${sha256 ?? "'<what its publisher gives>'"}`,
  );
}

/**
 * Whose signature must hold, and which it is.
 * @param sha256 of the file, where it is on this machine
 * @throws ImageProblem where nothing verifies the image
 */
async function proofOf(wanted: Wanted, sha256?: string): Promise<{ signer: Signer; bytes: Buffer }> {
  const { signer } = wanted;
  if (signer === undefined) {
    const families = Object.keys(PINNED_KEYS).join(", ");
    if (wanted.request.signature === undefined)
      throw unverifiable(wanted, `no key is known for images of os ${wanted.os}`, sha256);
    throw new ImageProblem(
      `image.signedBy beside image.signature: the path of a public key file, or one of ${families}`,
    );
  }
  const bytes = await signatureOf(wanted);
  if (bytes !== undefined) return { signer, bytes };
  if (hasDigest(wanted))
    throw new ImageProblem(
      `a signature, since image.signedBy is set; there is none at ${shown(wanted.signature)}`,
    );
  throw unverifiable(wanted, `there is no signature at ${shown(wanted.signature)}`, sha256);
}

/**
 * Whether there is anything to verify a URL's content with: asked before it is downloaded.
 * @throws ImageProblem where there isn't, or what there is is no signature
 */
export async function expectProof(wanted: Wanted): Promise<void> {
  if (!needsSignature(wanted)) return;
  const { bytes } = await proofOf(wanted);
  await readSignature(bytes, shown(wanted.signature));
}

/** A signature is checked once for the same file, signature and keys. */
async function checkSignature(file: string, wanted: Wanted, report: Report): Promise<string> {
  const { signer, bytes } = await proofOf(wanted, contentDigest(file, "sha256"));
  const key = keyOf("signed", contentDigest(file, "sha256"), bytes.toString("base64"), signerId(signer));
  const known = trustOf(key);
  if (known !== undefined) return known.by;
  const by = await verifySignature(file, bytes, shown(wanted.signature), signer, report);
  noteTrust(key, trust(contentDigest(file, "sha256"), by));
  return by;
}

export const trust = (sha256: string, by: string): Trust => ({ sha256, by, at: new Date().toISOString() });

/**
 * Verifies a published file as the config asks for it.
 * @param file its path on this machine
 * @returns how it was verified, for people
 * @throws ImageProblem where it is not what it should be, or nothing says what it should be
 */
export async function verify(file: string, wanted: Wanted, report: Report): Promise<string> {
  checkDigests(file, wanted);
  if (needsSignature(wanted)) return `signed by ${await checkSignature(file, wanted, report)}`;
  if (isUnverified(wanted)) return "not verified";
  return wanted.request.sha256 === undefined ? "sha512" : "sha256";
}
