/** Who may log in. */
import * as z from "zod/mini";
import { isPrivateKey, isPublicKey, keyLines } from "../sshKeys.ts";
import { refuse } from "./parts.ts";

const keyForm = "a public key, one line as in a .pub file: type, base64, comment";
const privateKey =
  "a PUBLIC key (the file that ends in .pub). This is a private key, and it now lies in the stack's config file: " +
  "take it out of there, and make a new pair if anybody else could have read it";

export const sshAuthorizedKeys = z.pipe(
  z.union([z.string(), z.array(z.unknown())]),
  z.transform((value, context): readonly string[] => {
    const entries = Array.isArray(value) ? value : [value];
    if (isPrivateKey(entries.join("\n"))) return refuse(context, privateKey);
    entries.forEach((entry, index) => {
      const lines = typeof entry === "string" ? keyLines(entry) : [];
      if (lines.length === 0 || !lines.every(isPublicKey)) {
        refuse(context, keyForm, {}, Array.isArray(value) ? [index] : []);
      }
    });
    return [...new Set(entries.flatMap((entry) => (typeof entry === "string" ? keyLines(entry) : [])))];
  }),
);
