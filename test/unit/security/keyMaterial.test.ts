/** The search for private keys finds them in each dress that they wear here, and takes nothing else for one. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { issue, makeAuthority } from "../../../commands/certificates/x509.ts";
import { namesOfThoseWith, privateKeysIn, spellingsOf } from "../../support/keyMaterial.ts";

describe("the search for private keys", () => {
  it("finds a key in all dresses, and no other one", async () => {
    for (let trial = 0; trial < 20; trial++) {
      const authority = await makeAuthority("one");
      const { cert, key } = await issue(authority, { name: "n", hosts: ["n"] });
      const spellings = spellingsOf(key);
      const inJson = JSON.stringify({ stdout: JSON.stringify({ cert, key }) });
      const dresses: Record<string, string> = {
        plain: key,
        json: inJson,
        url: `data:,${encodeURIComponent(key)}`,
        hex: Buffer.from(createPrivateKey(key).export({ format: "der", type: "pkcs8" })).toString("hex"),
        ...Object.fromEntries(
          ["", "a", "ab"].map((before) => [`base64 ${before}`, Buffer.from(before + key).toString("base64")]),
        ),
      };
      deepEqual(namesOfThoseWith(dresses, spellings), Object.keys(dresses));
      deepEqual(namesOfThoseWith({ cert, ca: authority.cert, other: authority.key }, spellings), []);
      deepEqual(privateKeysIn(inJson), [key.trim()]);
      for (const spelling of spellings) ok(spelling.length >= 8, spelling);
    }
    equal(privateKeysIn("nothing").length, 0);
  });
});
