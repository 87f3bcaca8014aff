/**
 * Keys and certificates of a cluster; run by a Command resource, parameters in the environment:
 *   authority  makes an authority called NAME
 *   issue      makes a key and lets the authority of CA_CERT and CA_KEY (PEM) vouch for it: NAME, HOSTS with blanks between, SERVER_ONLY
 *   keep       prints what was printed before
 * Prints one line of JSON, `{"cert": PEM, "key": PEM}`, and nothing else.
 */
import type { Holder } from "../ignition/holders.ts";
import { issue, makeAuthority } from "./certificates/x509.ts";
import { keep, required, runProgram, words } from "./program.ts";

await runProgram({
  authority: async (env) => JSON.stringify(await makeAuthority(required(env, "NAME"))),
  issue: async (env) => {
    const authority = { cert: required(env, "CA_CERT"), key: required(env, "CA_KEY") };
    const holder: Holder = {
      ...{ name: required(env, "NAME"), hosts: words(env["HOSTS"] ?? "") },
      ...(env["SERVER_ONLY"] === "true" ? { serverOnly: true } : {}),
    };
    return JSON.stringify(await issue(authority, holder));
  },
  keep,
});
