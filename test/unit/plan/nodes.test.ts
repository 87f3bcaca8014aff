import assert from "node:assert/strict";
import fc from "fast-check";
import { plan, problem, problems } from "./fixtures.ts";
import { macOf } from "../../../plan/mac.ts";
import { GIB } from "../../../plan/sizes.ts";

const MEMBER = ["base", "metadata-local", "etcd"];
const CLIENT = ["base", "metadata-local", "etcd-client"];
const three = { a: {}, b: {}, c: {} };

describe("nodes as a map", () => {
  it("has whole names, in their order, and what is different for each", () => {
    const made = plan({
      memory: "1GiB",
      snippets: ["./all.yaml"],
      nodes: {
        "web-1": { role: "client", memory: 2048, vcpus: "2", diskSize: "20GiB", snippets: "./web.yaml" },
        c: { mac: "52-54-00-00-00-0C", address: "10.0.0.13" },
        b: { memory: "3GiB", profiles: ["base", "metadata-local", "etcd", "ntp"] },
        a: null,
      },
    });
    const file = (name: string) => ({
      source: `./${name}`,
      path: `/project/${name}`,
      text: "variant: fcos\nversion: 1.4.0\n",
    });
    const usual = {
      memory: 1024,
      vcpus: 1,
      diskSize: 8 * GIB,
      role: "member",
      profiles: MEMBER,
      snippets: [file("all.yaml")],
    };
    assert.deepEqual(made.nodes, [
      { ...usual, name: "a", mac: macOf("a") },
      { ...usual, name: "b", mac: macOf("b"), memory: 3072, profiles: [...MEMBER, "ntp"] },
      { ...usual, name: "c", mac: "52:54:00:00:00:0c", address: "10.0.0.13" },
      {
        ...{ name: "web-1", mac: macOf("web-1"), memory: 2048, vcpus: 2, diskSize: 20 * GIB, role: "client" },
        ...{ profiles: CLIENT, snippets: [file("all.yaml"), file("web.yaml")] },
      },
    ]);
    assert.equal(made.bootstrapSize, 3);
    assert.deepEqual(made.warnings, []);
    assert.equal(made.pool.name, "dev-core");
  });

  for (const [what, entry] of Object.entries({
    "an empty map": {},
    nothing: null,
    "an empty text": "",
    "an empty map as text": "{}",
    "nothing as text": "null",
    "parts without a value": { memory: null, mac: "", profiles: null },
  }))
    it(`takes ${what} for a node like all`, () => {
      assert.deepEqual(plan({ nodes: { ...three, c: entry } }).nodes, plan({ nodes: three }).nodes);
    });

  it("takes entries as the text that pulumi config set makes of JSON", () => {
    const text = '{"memory": "1GiB", "profiles": ["base", "metadata-local", "etcd"]}';
    const list = '["base","metadata-local","etcd"]';
    assert.equal(plan({ nodes: { ...three, c: text } }).nodes[2]?.memory, 1024);
    assert.deepEqual(plan({ nodes: { ...three, c: { profiles: list } } }).nodes[2]?.profiles, MEMBER);
  });

  it("reads a MAC of digits alone, which YAML takes for a number", () => {
    assert.equal(plan({ nodes: { ...three, a: { mac: 525400000001 } } }).nodes[0]?.mac, "52:54:00:00:00:01");
  });

  it("has one to ninety-nine machines", () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`n${at}`, {}]));
    assert.equal(plan({ nodes: many(1) }).bootstrapSize, 1);
    assert.equal(plan({ nodes: many(99) }).nodes.length, 99);
    assert.match(problem({ nodes: many(100) }).expected, /^from 1 to 99 machines; these are 100$/);
  });

  it("counts members alone, and warns of an even number of them alone", () => {
    const client = { role: "client" };
    const made = plan({ nodes: { ...three, d: client } });
    assert.equal(made.bootstrapSize, 3);
    assert.deepEqual(made.warnings, []);
    assert.match(
      plan({ nodes: { a: {}, b: {}, c: client } }).warnings.join(),
      /^The cluster has 2 members, an even number/,
    );
    assert.deepEqual(plan({ nodes: { a: {}, c: client } }).warnings, []);
  });

  it("can be machines without any member", () => {
    for (const config of [
      { role: "client", nodes: 2 },
      { nodes: { a: { role: "client" }, b: { role: "client" } } },
    ]) {
      const made = plan({ ...config, bootstrapSize: "0" });
      assert.equal(made.bootstrapSize, 0);
      assert.deepEqual(made.warnings, []);
      assert.deepEqual(
        made.nodes.map(({ profiles }) => profiles),
        [CLIENT, CLIENT],
      );
    }
  });

  it("has a default role, which an entry can change", () => {
    const made = plan({ role: "client", nodes: { a: { role: "member" }, b: {} } });
    assert.deepEqual(
      made.nodes.map(({ role }) => role),
      ["member", "client"],
    );
  });

  it("leaves all other nodes as they are when one is added, changed or removed", () => {
    const nodes = { ...three, w: { role: "client" } };
    const before = plan({ nodes }).nodes;
    const others = (config: object) =>
      plan({ nodes: config }).nodes.filter(({ name }) => name !== "w" && name !== "x");
    for (const config of [
      three,
      { ...nodes, x: { role: "client" } },
      { ...nodes, w: { role: "client", memory: "2GiB", snippets: ["./a"] } },
    ])
      assert.deepEqual(others(config), before.slice(0, 3));
  });

  it("names both nodes that share a MAC, given or derived", () => {
    const derived = problem({ nodes: { ...three, d: { role: "client", mac: macOf("b") } } });
    assert.equal(derived.key, "nodes.d.mac");
    assert.match(derived.expected, new RegExp(`b and d would share ${macOf("b")}`));
    const other = problem({ nodes: { a1: { mac: macOf("b") }, b: {}, c: {} } });
    assert.equal(other.key, "nodes.b.mac");
    assert.match(other.expected, /a1 and b would share/);
  });

  it("takes any names that are labels, also those that objects have of their own", () => {
    const nodes = JSON.parse('{"constructor":{},"tostring":{},"valueof":{}}') as object;
    assert.deepEqual(
      plan({ nodes }).nodes.map(({ name }) => name),
      ["constructor", "tostring", "valueof"],
    );
    const proto = JSON.parse('{"a":{},"__proto__":{}}') as Record<string, unknown>;
    assert.equal(problem({ nodes: proto }).key, "nodes.__proto__");
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[a-z]([a-z0-9-]{0,20}[a-z0-9])?$/), {
          minLength: 1,
          maxLength: 99,
        }),
        (names) => {
          fc.pre(!names.includes("localhost"));
          const made = plan({ nodes: Object.fromEntries(names.map((name) => [name, {}])) });
          assert.deepEqual(
            made.nodes.map(({ name }) => name),
            [...names].sort(),
          );
          assert.equal(new Set(made.nodes.map(({ mac }) => mac)).size, names.length);
        },
      ),
    );
  });

  it("checks the profiles of all nodes once, and of one node there", () => {
    const found = problems({
      os: "flatcar",
      profiles: "base,metadata-local,etcd,docker-remote",
      nodes: { ...three, d: { role: "client", profiles: "base,etcd" } },
    });
    assert.deepEqual(
      found.map(({ key, remedy }) => [key, remedy]),
      [
        ["profiles", "pulumi config set profiles base,metadata-local,etcd,docker-remote,docker"],
        ["nodes.d.profiles", "pulumi config set --path nodes.d.profiles base,etcd,metadata-local"],
        ["nodes.d.profiles", "pulumi config set --path nodes.d.profiles base,etcd-client"],
      ],
    );
  });

  it("mends the profiles of all nodes at the nodes whose role they don't fit", () => {
    const { key, remedy } = problem({
      profiles: "base,metadata-local,etcd,ntp",
      nodes: { ...three, "web-1": { role: "client" } },
    });
    assert.equal(key, 'nodes["web-1"].profiles');
    assert.equal(
      remedy,
      `pulumi config set --path 'nodes["web-1"].profiles' base,metadata-local,etcd-client,ntp`,
    );
  });

  it("lets a snippet bring a member's etcd", () => {
    const made = plan({ profiles: "base", nodes: { a: { snippets: ["./etcd.yaml"] } } });
    assert.deepEqual(made.nodes[0]?.profiles, ["base"]);
  });
});
