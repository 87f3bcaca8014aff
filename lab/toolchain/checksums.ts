/** Sums of downloads. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** By the sum's length in hex digits; some publishers still list SHA-1, which tells damage well enough. */
const ALGORITHMS: Readonly<Record<number, string>> = { 40: "sha1", 64: "sha256", 128: "sha512" };

/** The algorithm that makes sums as long as this one. */
export function algorithmOf(sum: string): string {
  const algorithm = /^[0-9a-f]+$/.test(sum) ? ALGORITHMS[sum.length] : undefined;
  if (algorithm === undefined) throw new Error(`${sum} is no SHA-1, SHA-256 or SHA-512 sum`);
  return algorithm;
}

/** The sum of a file, in hex. */
export async function sumOf(file: string, algorithm: string): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** The sum that a checksum file (lines of `<sum>  [*][./]<file>`) gives for a file name. */
export function listedSum(list: string, file: string): string | undefined {
  for (const line of list.split("\n")) {
    const [, sum, name] = /^([0-9a-fA-F]{40,128})\s+\*?(?:\.\/)?(\S+)\s*$/.exec(line) ?? [];
    if (name === file) return sum?.toLowerCase();
  }
  return undefined;
}
