import { equal } from "node:assert/strict";
import { maskSecrets } from "../../../commands/secrets.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const URL_ = `https://alice:s3cret%21pw@registry.example/v2/keys/discovery/${TOKEN}`;

describe("messages about a registry that is secret", () => {
  const env = { SECRET: "true", ENDPOINT: "https://alice:s3cret%21pw@registry.example", TOKEN, URL: URL_ };

  it("hold neither address nor password nor token, as they are or decoded", () => {
    for (const text of [
      URL_,
      TOKEN,
      `PUT https://***@registry.example/v2/keys/discovery/${TOKEN}`,
      "s3cret!pw",
    ]) {
      const masked = maskSecrets(`GET ${text}: status 401`, env);
      for (const secret of [TOKEN, "s3cret"]) equal(masked.includes(secret), false, masked);
      equal(masked.endsWith(": status 401"), true);
    }
    equal(
      maskSecrets("getaddrinfo ENOTFOUND registry.example", env),
      "getaddrinfo ENOTFOUND registry.example",
    );
  });

  it("hold no servers of a list, and nothing of what was printed before", () => {
    const list = {
      SECRET: "true",
      ENDPOINTS: "http://one.example:2379 http://two.example:2379",
      PULUMI_COMMAND_STDOUT: URL_,
    };
    equal(maskSecrets("http://two.example:2379/v3/kv/range", list), "***/v3/kv/range");
    equal(maskSecrets(TOKEN, list), "***");
  });

  it("are left alone where nothing is secret", () => {
    equal(maskSecrets(URL_, { ...env, SECRET: undefined }), URL_);
  });
});
