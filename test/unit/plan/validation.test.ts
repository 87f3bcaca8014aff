import assert from "node:assert/strict";
import fc from "fast-check";
import { plan, problem, problems, publicKey, settings } from "./fixtures.ts";
import { ConfigError, makePlan } from "../../../plan/index.ts";
import { CONFIG_KEYS } from "../../../plan/keys.ts";

interface Wrong {
  /** The changed settings. */
  readonly set: Record<string, unknown>;
  /** Key of the problem; the changed setting's own by default. */
  readonly key?: string;
  readonly value?: string | undefined;
  readonly expected: RegExp;
  readonly remedy: string | RegExp;
}

const SET = "pulumi config set";
const nodesWrong = { expected: /^a whole number from 1 to 99$/, remedy: `${SET} nodes 3` };
const keyRemedy = `${SET} --path 'sshAuthorizedKeys[0]' "$(cat ~/.ssh/id_ed25519.pub)"`;
const body = publicKey().split(" ")[1] ?? "";

const table: Wrong[] = [
  { set: { nodes: 0 }, value: "0", ...nodesWrong },
  { set: { nodes: "100" }, value: '"100"', ...nodesWrong },
  { set: { nodes: "three" }, ...nodesWrong },
  { set: { nodes: 2.5 }, ...nodesWrong },
  { set: { nodes: "-1" }, ...nodesWrong },
  { set: { nodes: "true" }, ...nodesWrong },
  { set: { nodes: { a: {} } }, value: '{"a":{}}', ...nodesWrong },
  { set: { prefix: "Dev_Core" }, expected: /RFC 1123/, remedy: `${SET} prefix dev-core` },
  {
    set: { prefix: "a".repeat(62) },
    expected: /at most 61 characters/,
    remedy: `${SET} prefix ${"a".repeat(61)}`,
  },
  { set: { prefix: "123" }, expected: /with a letter in it/, remedy: `${SET} prefix core-123` },
  {
    set: { memory: "128" },
    expected: /^at least 256MiB, which lab needs to boot$/,
    remedy: `${SET} memory 256MiB`,
  },
  {
    set: { memory: "512", os: "flatcar" },
    key: "memory",
    expected: /^at least 1GiB, which flatcar/,
    remedy: `${SET} memory 1GiB`,
  },
  { set: { memory: "2GB" }, expected: /^a number of MiB, or a size such as/, remedy: `${SET} memory 256MiB` },
  {
    set: { memory: 2147483648 },
    expected: /^at most 4096GiB; a plain number counts in MiB$/,
    remedy: `${SET} memory 256MiB`,
  },
  { set: { memory: "512.5" }, expected: /^a whole number of MiB$/, remedy: `${SET} memory 2GiB` },
  { set: { memory: ["512"] }, expected: /MiB/, remedy: `${SET} memory 2GiB` },
  { set: { vcpus: 0 }, expected: /^a whole number from 1 to 255$/, remedy: `${SET} vcpus 1` },
  { set: { vcpus: 256 }, expected: /^a whole number from 1 to 255$/, remedy: `${SET} vcpus 1` },
  {
    set: { diskSize: "900MiB" },
    expected: /^at least 1GiB, since the disk begins/,
    remedy: `${SET} diskSize 1GiB`,
  },
  {
    set: { diskSize: "8192000000" },
    expected: /^at most 65536GiB; a plain number counts in GiB$/,
    remedy: `${SET} diskSize 1GiB`,
  },
  { set: { diskSize: "large" }, expected: /^a number of GiB/, remedy: `${SET} diskSize 1GiB` },
  ...["br 0", "br/0", "a-bridge-too-long", "-x", "br0'", "", "."].map((bridge) => ({
    set: { bridge },
    expected: /at most 15/,
    remedy: `${SET} bridge br0`,
  })),
  { set: { domainType: "xen" }, value: '"xen"', expected: /^kvm or qemu$/, remedy: `${SET} domainType kvm` },
  { set: { os: "debian" }, expected: /^flatcar, container-linux or lab$/, remedy: `${SET} os flatcar` },
  {
    set: { os: "fedora-coreos" },
    expected: /Fedora CoreOS can't be used yet, since it has no etcd-member/,
    remedy: `${SET} os flatcar`,
  },
  {
    set: { image: undefined },
    key: "image",
    value: undefined,
    expected: /path of a qcow2 or raw/,
    remedy: /^pulumi config set image /,
  },
  {
    set: { sshAuthorizedKeys: undefined },
    key: "sshAuthorizedKeys",
    value: undefined,
    expected: /^a list of public keys/,
    remedy: keyRemedy,
  },
  {
    set: { sshAuthorizedKeys: ["nonsense"] },
    key: "sshAuthorizedKeys[0]",
    expected: /^a public key, one line/,
    remedy: keyRemedy,
  },
  {
    set: { sshAuthorizedKeys: [publicKey(), "~/.ssh/id_ed25519.pub"] },
    key: "sshAuthorizedKeys[1]",
    expected: /^a public key, one line/,
    remedy: keyRemedy.replace("[0]", "[1]"),
  },
  {
    set: { sshAuthorizedKeys: [17] },
    key: "sshAuthorizedKeys[0]",
    expected: /^a public key/,
    remedy: keyRemedy,
  },
  {
    set: { sshAuthorizedKeys: "" },
    expected: /^a public key/,
    remedy: `pulumi config rm sshAuthorizedKeys && ${keyRemedy}`,
  },
  {
    set: { sshAuthorizedKeys: { a: 1 } },
    expected: /^a list of public keys/,
    remedy: `pulumi config rm sshAuthorizedKeys && ${keyRemedy}`,
  },
  {
    set: { discovery: "etcd" },
    value: '"etcd"',
    expected: /^an object with a mode/,
    remedy: `pulumi config rm discovery && ${SET} --path discovery.mode service`,
  },
  {
    set: { discovery: {} },
    key: "discovery.mode",
    value: undefined,
    expected: /^service, etcd or url$/,
    remedy: `${SET} --path discovery.mode service`,
  },
  {
    set: { discovery: { mode: "static" } },
    key: "discovery.mode",
    value: '"static"',
    expected: /^service, etcd or url$/,
    remedy: `${SET} --path discovery.mode service`,
  },
  {
    set: { discovery: { mode: "etcd" } },
    key: "discovery.endpoint",
    value: undefined,
    expected: /http or https URL/,
    remedy: /--path discovery.endpoint http:/,
  },
  {
    set: { discovery: { mode: "url" } },
    key: "discovery.url",
    value: undefined,
    expected: /http or https URL/,
    remedy: /--path discovery.url http/,
  },
  ...["registry:2379", "ftp://x", "http://", "http://a b", "http://x/?q", "javascript:alert(1)"].map(
    (endpoint) => ({
      set: { discovery: { mode: "etcd", endpoint } },
      key: "discovery.endpoint",
      expected: /an http or https URL/,
      remedy: /--path discovery.endpoint http:/,
    }),
  ),
  {
    set: { discovery: { mode: "url", url: "x" } },
    key: "discovery.url",
    expected: /of a discovery token/,
    remedy: /--path discovery.url http/,
  },
  {
    set: { discovery: { mode: "service", url: "https://x/y" } },
    key: "discovery.url",
    expected: /^no such part for this discovery mode$/,
    remedy: "pulumi config rm --path discovery.url",
  },
  { set: { readinessTimeout: 5 }, expected: /from 10 to 86400$/, remedy: `${SET} readinessTimeout 900` },
  { set: { readinessTimeout: "10m" }, expected: /from 10 to 86400$/, remedy: `${SET} readinessTimeout 900` },
  ...["pools", "/", "/a/../b", "/a//b", "/a b", "/a'b", "/a\nb"].map((poolPath) => ({
    set: { poolPath },
    expected: /absolute path/,
    remedy: `${SET} poolPath /var/lib/libvirt/coreos-cluster`,
  })),
  {
    set: { nodez: 3 },
    value: "3",
    expected: /^no such key; did you mean nodes\?$/,
    remedy: "pulumi config rm nodez",
  },
  {
    set: { sshKeys: [] },
    expected: /^(no such key; did you mean sshAuthorizedKeys\?|one of the keys .*sshAuthorizedKeys)/,
    remedy: "pulumi config rm sshKeys",
  },
  { set: { disk_size: 8 }, expected: /did you mean diskSize\?/, remedy: "pulumi config rm disk_size" },
  { set: { "it's": 1 }, expected: /^one of the keys nodes, prefix, /, remedy: `pulumi config rm 'it'\\''s'` },
];

/** Does to settings what a remedy's commands would do to the stack's config. */
function apply(values: Record<string, unknown>, remedy: string): Record<string, unknown> {
  const made = structuredClone(values);
  for (const command of remedy.split(" && ")) {
    const [, verb, path, word = "", value = ""] =
      /^pulumi config (set|rm) (--path )?('.*?'(?=$| )|\S+)(?: (.*))?$/.exec(command) ?? assert.fail(command);
    const name = word.startsWith("'") ? word.slice(1, -1).replaceAll("'\\''", "'") : word;
    const [key = "", part] = path === undefined ? [name] : name.split(/[.[]/);
    if (part === undefined) {
      if (verb === "set") made[key] = value;
      else Reflect.deleteProperty(made, key);
      continue;
    }
    const list = name.includes("[");
    const old = made[key];
    const inner = (typeof old === "object" && old !== null ? old : list ? [] : {}) as Record<string, unknown>;
    made[key] = inner;
    if (verb === "set") inner[list ? parseInt(part) : part] = value.replace(/^"\$\(cat .*\)"$/, publicKey());
    else Reflect.deleteProperty(inner, part);
  }
  return made;
}

describe("what is wrong in a config", () => {
  for (const wrong of table) {
    it(`is said of ${JSON.stringify(wrong.set).replace(body, "BODY")}`, () => {
      const { key, value, expected, remedy } = problem(wrong.set);
      assert.equal(key, wrong.key ?? Object.keys(wrong.set)[0]);
      assert.match(expected, wrong.expected);
      if ("value" in wrong) assert.equal(value, wrong.value);
      if (typeof wrong.remedy === "string") assert.equal(remedy, wrong.remedy);
      else assert.match(remedy, wrong.remedy);
    });
  }

  for (const { set } of table) {
    it(`is mended by the command that it comes with: ${JSON.stringify(set).replace(body, "BODY")}`, () => {
      let values: Record<string, unknown> = { ...settings(set).values };
      // A remedy can bring up what could not be checked before: a mode without its endpoint.
      for (let round = 0; round < 3; round++) {
        for (const { remedy } of problems(values)) values = apply(values, remedy);
      }
      const left = problems(values);
      assert.deepEqual(left, []);
    });
  }

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
      remedy: "pulumi config set image <path of a qcow2 or raw image>",
    });
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
            assert.deepEqual(problems(apply({ ...values }, error.problems[0]?.remedy ?? "")), []);
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
