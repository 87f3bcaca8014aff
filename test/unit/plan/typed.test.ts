import assert from "node:assert/strict";
import { beside, prefixIn, typed } from "../../../plan/typed.ts";
import { ConfigError, makePlan } from "../../../plan/index.ts";
import { settings } from "./fixtures.ts";

const PREFIX = "npm run cluster -- exec";

describe("commands in messages", () => {
  it("stay as they are without a prefix", () => {
    assert.equal(typed("pulumi config rm a && pulumi up", undefined), "pulumi config rm a && pulumi up");
  });

  it("get the prefix each, but not within quotes", () => {
    assert.equal(typed("pulumi up", PREFIX), `${PREFIX} pulumi up`);
    assert.equal(
      typed("pulumi config rm 'x && pulumi' && pulumi config set a '1 && 2'", PREFIX),
      `${PREFIX} pulumi config rm 'x && pulumi' && ${PREFIX} pulumi config set a '1 && 2'`,
    );
    assert.equal(typed("pulumi up", "a $& $1"), "a $& $1 pulumi up");
  });

  it("are other verbs of the lab's program only where the prefix is the lab's", () => {
    assert.equal(beside(PREFIX, "console"), "npm run cluster -- console");
    assert.equal(beside(`${PREFIX} --stack alice`, "console"), "npm run cluster -- console");
    assert.equal(beside("npm run cluster -- tools", "console"), undefined);
    assert.equal(beside(undefined, "console"), undefined);
  });

  it("take the prefix from the environment, where empty is as good as none", () => {
    assert.equal(prefixIn({ CLUSTER_COMMAND_PREFIX: PREFIX }), PREFIX);
    assert.equal(prefixIn({ CLUSTER_COMMAND_PREFIX: " " }), undefined);
    assert.equal(prefixIn({}), undefined);
  });

  const message = (commandPrefix?: string): string => {
    const changes = { memory: "64", sshAuthorizedKeys: "no list", nodez: "3" };
    try {
      makePlan(settings(changes, commandPrefix === undefined ? {} : { commandPrefix }));
    } catch (error) {
      if (error instanceof ConfigError) return error.message;
      throw error;
    }
    return assert.fail("these settings make a plan");
  };

  it("have the prefix in the remedies of config problems", () => {
    const remedies = message(PREFIX).match(/(?<=mend it with: +)\S.*/g) ?? [];
    assert.equal(remedies.length, 3);
    for (const remedy of remedies) assert.ok(remedy.startsWith(`${PREFIX} pulumi config `), remedy);
    assert.ok(
      remedies.some((remedy) =>
        remedy.startsWith(
          `${PREFIX} pulumi config rm sshAuthorizedKeys && ${PREFIX} pulumi config set --path `,
        ),
      ),
    );
    assert.equal(message(PREFIX).replaceAll(`${PREFIX} `, ""), message());
  });
});
