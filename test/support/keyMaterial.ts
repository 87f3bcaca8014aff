/** Looks for private keys where none may be: by what is secret in them, in all spellings that this program's files and messages have. */
import { createPrivateKey } from "node:crypto";
import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The private keys in a text, as PEM, each once; line ends may be spelt as JSON does, also JSON within JSON. */
export function privateKeysIn(text: string): string[] {
  const found = text
    .replace(/\\+n/g, "\n")
    .match(/-----BEGIN PRIVATE KEY-----[A-Za-z0-9+/=\n]+-----END PRIVATE KEY-----/g);
  return [...new Set(found ?? [])];
}

/** Base64 of a text that stands somewhere in a longer one: the letters that are the same for each of the three places. */
const within = (text: string): string[] =>
  [0, 1, 2].map((offset) =>
    Buffer.from("\0".repeat(offset) + text)
      .toString("base64")
      .slice(4, -4),
  );

/**
 * What only who has a key can write: its secret number as PEM has it, line by line, plain, percent-encoded (data URLs), in base64 once
 * more, and in hexadecimal. The head of a key and its public half say nothing: they are the same in all keys, or stand in the certificate.
 */
export function spellingsOf(pem: string): string[] {
  const { d = "" } = createPrivateKey(pem).export({ format: "jwk" });
  const number = Buffer.from(d, "base64url");
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const at = der.indexOf(number);
  if (number.length !== 32 || at < 0) throw new Error("no key on a curve of 256 bits");
  // Letters that hold bits of the number alone, and where PEM breaks its lines.
  const [from, to] = [Math.ceil((at * 8) / 6), Math.floor(((at + number.length) * 8) / 6)];
  const body = der.toString("base64");
  const lines = [body.slice(from, 64), body.slice(64, to)].filter((part) => part.length >= 12);
  return [
    ...lines.flatMap((line) => [line, encodeURIComponent(line), ...within(line)]),
    ...[d, number.toString("hex"), number.toString("hex").toUpperCase()],
  ];
}

/** Which of the texts (by their names) have one of the spellings. */
export const namesOfThoseWith = (
  texts: Readonly<Record<string, string>>,
  spellings: readonly string[],
): string[] =>
  Object.entries(texts)
    .filter(([, text]) => spellings.some((spelling) => text.includes(spelling)))
    .map(([name]) => name);

const entriesOf = (folder: string): Dirent[] => {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // it went meanwhile
  }
};

/** All plain files below a folder; links are not followed. */
export const filesBelow = (folder: string): string[] =>
  entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });

/** The files that have one of the spellings. */
export const filesWith = (files: readonly string[], spellings: readonly string[]): string[] =>
  files.filter((file) => {
    let content: Buffer;
    try {
      content = readFileSync(file);
    } catch {
      return false;
    }
    return spellings.some((spelling) => content.includes(spelling));
  });
