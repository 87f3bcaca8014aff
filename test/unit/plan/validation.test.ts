import assert from "node:assert/strict";
import fc from "fast-check";
import { plan, problem, problems, settings } from "./fixtures.ts";
import { afterCommands } from "./pulumiConfig.ts";
import { ConfigError, makePlan } from "../../../plan/index.ts";
import { CONFIG_KEYS } from "../../../plan/keys.ts";

const SET = "pulumi config set";

describe("what is wrong in a config", () => {
  it("is said all at once, in one readable message", () => {
    const five = { nodes: "0", memory: "64", bridge: "br/0", discovery: { mode: "etcd" }, nodez: "3" };
    assert.throws(
      () => plan(five),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        assert.deepEqual(
          error.problems.map(({ key }) => key),
          ["nodes", "memory", "bridge", "discovery.endpoint", "nodez"],
        );
        assert.match(error.message, /^5 problems in the config of stack dev:\n/);
        for (const { key, expected, remedy } of error.problems) {
          for (const text of [key, expected, remedy]) assert.ok(error.message.includes(text), text);
        }
        return true;
      },
    );
  });

  it("is said of every key at once when all are wrong", () => {
    const all = Object.fromEntries(Object.keys(CONFIG_KEYS).map((key) => [key, { wrong: [true] }]));
    const keys = problems(all).map(({ key }) => key.split(".")[0]);
    assert.deepEqual([...new Set(keys)].sort(), Object.keys(CONFIG_KEYS).sort());
  });

  it("includes what was found out about the image, beside other problems", () => {
    const found = problems(
      { nodes: 0 },
      { image: { problem: "an existing file; there is no /images/lab.qcow2" } },
    );
    assert.deepEqual(
      found.map(({ key }) => key),
      ["nodes", "image"],
    );
    assert.deepEqual(found.at(1), {
      key: "image",
      value: '"/images/lab.qcow2"',
      expected: "an existing file; there is no /images/lab.qcow2",
      remedy: "pulumi config set image '<path or URL of a qcow2 or raw image>'",
    });
  });

  it("has no control characters, which a terminal would obey", () => {
    const bad = "\u001b[2J\u0007";
    for (const set of [
      { [bad]: bad },
      { nodes: { [bad]: { [bad]: bad } } },
      { image: { [bad]: bad } },
      { prefix: bad },
    ]) {
      const text = JSON.stringify(
        problems(set).map(({ key, value, expected, remedy }) => [key, value, expected, remedy].join(" ")),
      );
      assert.ok(!/\\u00/.test(text.replaceAll("\\\\u00", "")), text);
    }
  });

  it("keeps what verifies the image, in the remedy of its source", () => {
    const image = { source: "/none.img", sha256: "ab".repeat(32) };
    const { key, remedy } = problem({ image }, { image: { problem: "an existing file" } });
    assert.equal(key, "image");
    assert.equal(remedy, "pulumi config set --path image.source '<path or URL of a qcow2 or raw image>'");
    const own = problem(
      { image },
      { image: { problem: "a file as its checksum says", remedy: "pulumi config rm x" } },
    );
    assert.equal(own.remedy, "pulumi config rm x");
  });

  it("never repeats a private key, wherever it was put", () => {
    const secret = "c2VjcmV0IHNlY3JldCBzZWNyZXQ";
    const key = `-----BEGIN OPENSSH PRIVATE KEY-----\n${secret}\n-----END OPENSSH PRIVATE KEY-----\n`;
    for (const set of [
      { sshAuthorizedKeys: [key] },
      { sshAuthorizedKeys: key },
      { sshAuthorizedKeys: key.split("\n") },
      { prefix: key },
      { nodes: { a: key } },
      { discovery: { mode: "url", url: key } },
      { unknown: key },
    ]) {
      assert.throws(
        () => plan(set),
        (error: unknown) => {
          assert.ok(error instanceof ConfigError);
          assert.equal(error.problems.length, 1);
          assert.ok(!error.message.includes(secret), error.message);
          if ("sshAuthorizedKeys" in set) {
            const values = settings(set).values;
            assert.deepEqual(problems(afterCommands(values, error.problems[0]?.remedy ?? ""), {}, {}), []);
          }
          return true;
        },
      );
    }
    assert.match(problem({ sshAuthorizedKeys: [key] }).expected, /PUBLIC key.*take it out/);
  });

  it("never repeats what is marked as secret, nor a URL's password", () => {
    const hidden = problem({ discovery: { mode: "url", url: "hunter2" } }, { secretKeys: ["discovery"] });
    assert.equal(hidden.value, "a secret (not shown)");
    const url = problem({ discovery: { mode: "etcd", endpoint: "http://me:hunter2@x/?q" } });
    assert.equal(url.value, '"http://***@x/?q"');
    assert.ok(!JSON.stringify([hidden, url]).includes("hunter2"));
  });

  it("gives no list with a hole to a key that was misspelt", () => {
    assert.equal(problem({ vcpu: [[], 0] }).remedy, "pulumi config rm vcpu");
  });

  it("names a stack whose name gives no host names, and proposes a prefix", () => {
    const found = problem({}, { stack: "Team_A.1" });
    assert.equal(found.key, "prefix");
    assert.match(found.expected, /"Team_A\.1" gives no valid host names/);
    assert.equal(found.remedy, "pulumi config set prefix team-a-1-core");
    assert.deepEqual(problems({ prefix: "team-a" }, { stack: "Team_A.1" }), []);
  });

  it("names both nodes that would share a MAC address, and a prefix that helps", () => {
    const { key, expected, remedy } = problem({ nodes: 99, prefix: "core-1653-" });
    assert.equal(key, "prefix");
    assert.match(expected, /^a prefix .* own; core-1653-\d\d and core-1653-\d\d would share 52:54:00:/);
    const proposed = remedy.replace(`${SET} prefix `, "");
    assert.deepEqual(problems({ nodes: 99, prefix: proposed }), []);
  });

  it("is an error of ours also where a list holds what can't be made a text", () => {
    assert.equal(problem({ ntpServers: [{ toString: "" }] }).key, "ntpServers[0]");
  });

  it("is always an error of ours, whatever the values are", () => {
    const anything = fc.dictionary(
      fc.constantFrom(...Object.keys(CONFIG_KEYS), "other", "__proto__"),
      fc.jsonValue(),
      {
        noNullPrototype: true,
      },
    );
    fc.assert(
      fc.property(anything, fc.string(), (values, stack) => {
        try {
          makePlan({ ...settings(), values, stack });
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          assert.ok(error.problems.length > 0);
          for (const { key, expected, remedy } of error.problems) {
            assert.ok(key !== "" && expected !== "" && remedy.startsWith("pulumi config "));
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
