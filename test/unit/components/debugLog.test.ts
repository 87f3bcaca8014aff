import { equal } from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { keepSecretsOutOfDebugLog, withoutSecrets } from "../../../components/debugLog.ts";

const ANSWER =
  "RegisterResource RPC finished: resource:a[command:local:Command]; err: null, resp: urn:x,4dabf18193072939515e22adb298388d,,," +
  "1b47061264138c4ac30d75fd1eb44270,value,,,hidden";

describe("debug messages of Pulumi's SDK", () => {
  it("lose what holds a secret, and say so", () => {
    equal(
      withoutSecrets(ANSWER),
      "RegisterResource RPC finished: resource:a[command:local:Command]; err: null, (left out: it holds secrets)",
    );
    // Whatever it is: what is not known is not told.
    equal(withoutSecrets("1b47061264138c4ac30d75fd1eb44270 hidden"), "(left out: it holds secrets)");
    equal(
      withoutSecrets(
        "Invoke RPC finished: tok=pulumi:pulumi:readStackResourceOutputs; err: null, resp: a,,hidden",
      ),
      "Invoke RPC finished: tok=pulumi:pulumi:readStackResourceOutputs; err: null, (left out: it holds secrets)",
    );
    const plain = "RegisterResource RPC finished: resource:a; err: null, resp: urn:x,b";
    equal(withoutSecrets(plain), plain);
  });

  it("are passed on by what the SDK itself calls, once", async () => {
    const { debug } = pulumi.log;
    const told: string[] = [];
    try {
      Object.assign(pulumi.log, {
        debug: (message: string) => {
          told.push(message);
          return Promise.resolve();
        },
      });
      keepSecretsOutOfDebugLog();
      keepSecretsOutOfDebugLog();
      // As the SDK's modules have it: the same object.
      const sdk = (await import("@pulumi/pulumi/log/index.js")) as unknown as { default: typeof pulumi.log };
      await sdk.default.debug(ANSWER);
      await pulumi.log.debug("plain");
    } finally {
      Object.assign(pulumi.log, { debug });
    }
    equal(told.length, 2);
    equal(told[0]?.includes("hidden"), false);
    equal(told[1], "plain");
  });
});
