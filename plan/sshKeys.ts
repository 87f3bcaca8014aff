/** Public keys as they stand in an authorized_keys file (sshd(8)). */

const KEY_TYPES = [
  "ssh-ed25519",
  "ssh-rsa",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
];

/** Beginnings of private keys: PEM, OpenSSH's own format when only its base64 body was pasted, and PuTTY. */
const PRIVATE_MARKS = [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY/, /b3BlbnNzaC1rZXkt/, /PuTTY-User-Key-File/i];

export const isPrivateKey = (text: string): boolean => PRIVATE_MARKS.some((mark) => mark.test(text));

/** The key type that the binary key says itself: a length of four bytes, then the name (RFC 4253, section 6.6). */
function innerType(base64: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const blob = Buffer.from(base64, "base64");
  if (blob.length < 8) return undefined;
  const length = blob.readUInt32BE(0);
  // A key is more than its type: a line that was cut off is found out by that.
  if (length > 64 || blob.length < 4 + length + 4 + 32) return undefined;
  return blob.toString("latin1", 4, 4 + length);
}

/** Splits off an authorized_keys line's options, which may hold blanks inside double quotes. */
const OPTIONS = /^(?:(?:[^\s"]|"(?:[^"\\]|\\.)*")+\s+)?(\S+)\s+(\S+)(?:\s.*)?$/;

/** Whether one line is a well-formed public key, with or without options before and a comment behind. */
export function isPublicKey(line: string): boolean {
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(line)) return false;
  const plain = /^(\S+)\s+(\S+)(?:\s.*)?$/.exec(line);
  const match = plain !== null && KEY_TYPES.includes(plain[1] ?? "") ? plain : OPTIONS.exec(line);
  const [, type = "", body = ""] = match ?? [];
  return KEY_TYPES.includes(type) && innerType(body) === type;
}

/** The keys of a text of one or many lines, as of a .pub file: without empty lines and comments. */
export const keyLines = (text: string): string[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
