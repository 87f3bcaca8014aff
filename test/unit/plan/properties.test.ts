import assert from "node:assert/strict";
import fc from "fast-check";
import { problems, plan, settings, values } from "./fixtures.ts";
import { afterCommands } from "./pulumiConfig.ts";
import { WRONG_CONFIGS, type WrongConfig } from "./wrongConfigs/index.ts";
import { ConfigError, makePlan } from "../../../plan/index.ts";
import { CONFIG_KEYS } from "../../../plan/keys.ts";
import { isLabel } from "../../../plan/names.ts";

/** Mistakes that have nothing to do with each other, and the key that each is about. */
const MISTAKES: readonly (readonly [Record<string, unknown>, string])[] = [
  [{ prefix: "Dev_Core" }, "prefix"],
  [{ memory: "64" }, "memory"],
  [{ vcpus: "none" }, "vcpus"],
  [{ diskSize: "1MiB" }, "diskSize"],
  [{ arch: "s390x" }, "arch"],
  [{ baseVolume: { pool: "default", name: "x" } }, "baseVolume"],
  [{ sshAuthorizedKeys: ["nonsense"] }, "sshAuthorizedKeys[0]"],
  [{ snippets: ["./none.yaml"] }, "snippets[0]"],
  [{ ntpServers: "a b" }, "ntpServers"],
  [{ dockerListen: "2375" }, "dockerListen"],
  [{ profiles: "base,metadata-remote,etcd" }, "metadataUrl"],
  [{ etcdVersion: "3.5" }, "etcdVersion"],
  [{ discovery: { mode: "dns" } }, "discovery.mode"],
  [{ bootstrapSize: 7 }, "bootstrapSize"],
  [{ readinessTimeout: "10m" }, "readinessTimeout"],
  [{ bridge: "br/0" }, "bridge"],
  [{ domainType: "xen" }, "domainType"],
  [{ autostart: "perhaps" }, "autostart"],
  [{ poolPath: "pools" }, "poolPath"],
  [{ hosts: [{ uri: "qemu:///system", weight: 0 }] }, "hosts[0].weight"],
  [{ zzz: 1 }, "zzz"],
  [
    { nodes: { a: { mac: "x" }, b: { address: "0.0.0.0" }, c: { vcpus: 0 } } },
    "nodes.a.mac nodes.b.address nodes.c.vcpus",
  ],
];

/** The values in the wrong configs. */
const mistaken: unknown[] = Object.values(WRONG_CONFIGS).flatMap((table: readonly WrongConfig[]) =>
  table.flatMap(({ set }) => Object.values(set)),
);

/** Values of all kinds for a key, more or less like right ones. */
const anyValue = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(...mistaken),
  fc.constantFrom("base,etcd", "client", "1GiB", "./a.yaml", "aarch64", "flatcar", "3.6.1"),
  fc.constantFrom({ mode: "static" }, { a: {}, b: { role: "client" } }),
);
const anyConfig = fc.dictionary(
  fc.constantFrom(...Object.keys(CONFIG_KEYS), "other", "vcpu", "it's"),
  anyValue,
  {
    noNullPrototype: true,
  },
);

/** What can be said: JSON, as Pulumi hands it over, without keys that are not set. */
const asConfig = (config: Record<string, unknown>): Record<string, unknown> =>
  JSON.parse(JSON.stringify(config), (key, value: unknown) =>
    // No key of a map that Pulumi could set by its path.
    key === "__proto__" ? undefined : value,
  ) as Record<string, unknown>;

describe("any config", () => {
  it("has as many problems as independent mistakes", () => {
    fc.assert(
      fc.property(fc.subarray([...MISTAKES]), (mistakes) => {
        const changes = Object.assign({}, ...mistakes.map(([change]) => change)) as Record<string, unknown>;
        const keys = mistakes.flatMap(([, key]) => key.split(" "));
        assert.deepEqual(
          problems(changes)
            .map(({ key }) => key)
            .sort(),
          keys.sort(),
        );
      }),
    );
  });

  it("is right after its remedies, which all are commands for a shell", () => {
    fc.assert(
      fc.property(anyConfig, (made) => {
        let config: Record<string, unknown> = { ...values, ...asConfig(made) };
        for (let round = 0; round < 8; round++) {
          const found = problems(config, {}, {});
          if (found.length === 0) return;
          for (const { remedy } of found) {
            // Of two problems with one value, the first remedy may have taken away what the second is about.
            try {
              config = afterCommands(config, remedy);
            } catch (error) {
              if (
                !(error instanceof assert.AssertionError) ||
                !/expected a map|must be|out of range/.test(error.message)
              )
                throw error;
            }
          }
        }
        assert.deepEqual(problems(config, {}, {}), [], JSON.stringify(config));
      }),
      { numRuns: 200 },
    );
  }).timeout(60_000);

  it("that is right makes machines with names, MACs and addresses of their own, in the order of their names", () => {
    const entry = fc.record(
      {
        role: fc.constantFrom("member", "client"),
        address: fc.ipV4(),
        mac: fc.constantFrom("52:54:00:00:00:01", "52:54:00:00:00:02"),
        memory: fc.constantFrom(512, "1GiB"),
      },
      { requiredKeys: [] },
    );
    const map = fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/), entry, {
      minKeys: 1,
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 1, max: 99 }), map), (nodes) => {
        if (problems({ nodes }).length > 0) return;
        const made = plan({ nodes }).nodes;
        const names = made.map(({ name }) => name);
        const addresses = made.flatMap(({ address }) => address ?? []);
        assert.ok(names.every(isLabel));
        assert.deepEqual(names, [...names].sort());
        for (const all of [names, made.map(({ mac }) => mac), addresses])
          assert.equal(new Set(all).size, all.length);
      }),
    );
  });
});

/** Texts and numbers inside a value, but for those that are too short to be told from the rest of a message. */
function leaves(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(leaves);
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(leaves);
  return [String(value)];
}

describe("values that are marked as secret", () => {
  for (const [topic, table] of Object.entries(WRONG_CONFIGS)) {
    it(`are not repeated: ${topic}`, () => {
      for (const { set } of table) {
        const secretKeys = Object.keys(set);
        // A name that is likely in no message of ours stands for what is secret.
        const text = JSON.stringify(problems(set, { secretKeys }));
        const own = leaves(set).filter((leaf) => leaf.length > 3 && !EVERYDAY.has(leaf));
        for (const leaf of own)
          assert.ok(!text.includes(JSON.stringify(leaf).slice(1, -1)), `${leaf} in ${text}`);
      }
    });
  }

  it("are not repeated in warnings", () => {
    const set = {
      os: "flatcar",
      memory: "2GiB",
      profiles: "base,metadata-local,etcd,docker,docker-remote",
      dockerListen: "203.0.113.9:2375",
    };
    const { warnings } = makePlan(settings(set, { secretKeys: ["dockerListen"] }));
    assert.equal(warnings.length, 1);
    assert.ok(!warnings.join().includes("203.0.113.9"));
  });

  it("are not repeated where their port is taken", () => {
    const set = { os: "flatcar", profiles: "base,metadata-local,etcd,docker,docker-remote" };
    const [found, ...others] = problems(
      { ...set, dockerListen: "127.0.0.9:2379" },
      { secretKeys: ["dockerListen"] },
    );
    assert.deepEqual(others, []);
    assert.equal(found?.key, "dockerListen");
    assert.ok(!/2379|127\.0\.0\.9/.test(JSON.stringify(found)));
  });

  it("are not repeated in what is said of the files that they name", () => {
    for (const set of [
      { snippets: ["./none-such.yaml"] },
      { ignition: "./none-such.yaml" },
      { nodes: { a: { snippets: "./none-such.yaml" } } },
    ]) {
      try {
        makePlan(settings(set, { secretKeys: Object.keys(set) }));
        assert.fail("this makes a plan");
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        assert.ok(!error.message.includes("none-such"));
      }
    }
  });
});

/** Words of our own messages, and the right values that the wrong configs hold beside what is wrong. */
const EVERYDAY = new Set([
  ..."base metadata-local metadata-remote etcd etcd-client member client kubernetes flatcar lab static service qemu:///system".split(
    " ",
  ),
  ..."default true false undefined null nodes http://r:2379 http://x 1GiB 3.5.21".split(" "),
  // Beginnings of examples in our own words.
  ..."base,metadata-local,etcd 52:54:00:12:34 0.0.0.0 metadata 2375 ~/.ssh/id_ed25519.pub".split(" "),
]);
