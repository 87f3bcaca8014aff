/** Detached OpenPGP signatures of files. */
import { createReadStream } from "node:fs";
import type { PublicKey, Signature } from "openpgp";
import { knownKeys, nameOf, refreshedKeys, type Signer } from "./keys.ts";
import { ImageProblem, type Report } from "./problem.ts";

/** Why a signature does not hold. `newKeys`: keys that are newer than ours might know more. */
interface Refusal {
  readonly message: string;
  readonly newKeys: boolean;
}

const CHUNK = 2 ** 20;

/** A file as the kind of stream that openpgp hashes. */
function streamOf(path: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks = createReadStream(path, { highWaterMark: CHUNK })[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const next = (await chunks.next()) as IteratorResult<Buffer<ArrayBuffer>>;
      if (next.done === true) controller.close();
      else controller.enqueue(new Uint8Array(next.value));
    },
  });
}

/** @throws ImageProblem where the bytes are no signature, armored or binary */
export async function readSignature(bytes: Buffer, from: string): Promise<Signature> {
  const openpgp = await import("openpgp");
  try {
    return bytes.toString("latin1").trimStart().startsWith("-----BEGIN PGP")
      ? await openpgp.readSignature({ armoredSignature: bytes.toString("latin1") })
      : await openpgp.readSignature({ binarySignature: new Uint8Array(bytes) });
  } catch {
    throw new ImageProblem(`a detached OpenPGP signature; ${from} is none`);
  }
}

const day = (date: Date | null | undefined): string => date?.toISOString().slice(0, 10) ?? "an unknown day";

/** openpgp says what is wrong in words only. */
function refusalOf(error: Error, keyId: string, created: Date | null | undefined, signer: string): Refusal {
  const { message } = error;
  const key = `key ${keyId} of ${signer}`;
  if (/could not find signing key/i.test(message))
    return { message: `it is signed by key ${keyId}, which is none of ${signer}'s`, newKeys: true };
  if (/revoked/i.test(message))
    return { message: `it is signed by ${key}, which has been revoked`, newKeys: false };
  if (/key is newer/i.test(message))
    return { message: `its signature is dated before ${key} was made`, newKeys: false };
  if (/signature is expired/i.test(message))
    return { message: `its signature by ${key} has expired`, newKeys: false };
  if (/expired|no self-certification|not valid at/i.test(message))
    return { message: `it was signed on ${day(created)}, when ${key} had expired`, newKeys: true };
  if (/did not match|verification failed/i.test(message)) {
    return {
      message: `it is not the file that ${key} has signed: it was changed, damaged, or the signature is of another file`,
      newKeys: false,
    };
  }
  return { message: `its signature by ${key} does not hold: ${message}`, newKeys: false };
}

async function check(
  path: string,
  signature: Signature,
  keys: PublicKey[],
  signer: string,
): Promise<string | Refusal> {
  const openpgp = await import("openpgp");
  const message = await openpgp.createMessage({ binary: streamOf(path) });
  // Keys are judged by the signature's own date: what a key has signed while it was valid stays good.
  const result = await openpgp.verify({ message, signature, verificationKeys: keys, format: "binary" });
  const reader = (result.data as ReadableStream<Uint8Array>).getReader();
  while (!(await reader.read()).done); // it is hashed as it is read
  let refusal: Refusal = { message: "its signature file holds no signature", newKeys: false };
  for (const one of result.signatures) {
    const id = one.keyID.toHex().toUpperCase();
    const created = (await one.signature).packets[0]?.created;
    try {
      await one.verified;
      return `${signer}'s key ${id}, ${day(created)}`;
    } catch (error) {
      refusal = refusalOf(error as Error, id, created, signer);
    }
  }
  return refusal;
}

/**
 * Verifies a detached signature of a file.
 * @returns who has signed it and when, for people
 * @throws ImageProblem where no signature in it holds: another key's, of other content, or by a key that had expired
 *   when it signed, or has been revoked
 */
export async function verifySignature(
  path: string,
  bytes: Buffer,
  from: string,
  signer: Signer,
  report: Report,
): Promise<string> {
  report("image: checking its signature");
  const keys = await knownKeys(signer);
  const name = nameOf(signer);
  const first = await check(path, await readSignature(bytes, from), keys, name);
  if (typeof first === "string") return first;
  const newer = first.newKeys ? await refreshedKeys(signer, keys, report) : undefined;
  const last = newer === undefined ? first : await check(path, await readSignature(bytes, from), newer, name);
  if (typeof last === "string") return last;
  throw new ImageProblem(`a file as its publisher signed it; ${last.message} (signature: ${from})`);
}
