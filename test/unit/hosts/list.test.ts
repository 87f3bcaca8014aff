import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { clustersJson, renderClusters } from "../../../commands/hosts/clusterTable.ts";
import { parseState } from "../../../commands/hosts/stackState.ts";
import { age, size, states } from "../../../commands/hosts/words.ts";
import { nodeOf, type ClusterOnHost } from "../../../host/clusters.ts";
import { markXml } from "../../../host/mark.ts";
import { visibleJson } from "../../../host/visible.ts";

const now = new Date("2026-03-01T12:00:00Z");
const owner = "0123456789abcdef0123456789abcdef";

const cluster = (stack: string, more: Partial<ClusterOnHost> = {}): ClusterOnHost => ({
  mark: { organization: "acme", project: "coreos-cluster", stack, owner },
  nodes: ["running", "running", "shut off"].map((state, index) => ({
    ...{ name: `${stack}-core0${index + 1}`, uuid: `u${index}`, state, memory: 512 * 2 ** 20, vcpus: 2 },
    consoleLog: undefined,
  })),
  pool: {
    ...{ name: `${stack}-core`, uuid: "u", path: `/p/${stack}-core`, volumes: ["a", "b"] },
    ...{ allocation: 400 * 2 ** 20, capacity: 15 * 2 ** 30, oldest: undefined, looksOurs: true },
  },
  created: new Date("2026-03-01T09:00:00Z"),
  ...more,
});

describe("the list of clusters", () => {
  it("is a table with owner, nodes, age and size", () => {
    const text = renderClusters(
      "qemu:///system",
      { clusters: [cluster("dev"), cluster("bob", { pool: undefined, created: undefined })], leftovers: [] },
      new Set([owner]),
      now,
    );
    deepEqual(text.split("\n"), [
      "STACK                    OWNER     NODES           AGE  VCPUS  MEMORY   DISK",
      "acme/coreos-cluster/dev  01234567  2 of 3 running  3 h  6      1.5 GiB  400 MiB of 15 GiB  this checkout's",
      "acme/coreos-cluster/bob  01234567  2 of 3 running  -    6      1.5 GiB  no pool            this checkout's",
      "",
    ]);
  });

  it("names pools that have no machine", () => {
    const { pool } = cluster("lost");
    const text = renderClusters(
      "the lab",
      { clusters: [], leftovers: pool === undefined ? [] : [pool] },
      new Set(),
      now,
    );
    match(
      text,
      /^No clusters on the lab\.\nLeft over: pool lost-core in \/p\/lost-core \(2 volumes, 400 MiB\) has no machine\./,
    );
  });

  it("shows what others have written down as one harmless word, and tells programs all of it", () => {
    const evil = "dev\u009b2J\u001b[1;1H\n\u202eorganization/coreos-cluster/dev";
    const xml = (text: string): string =>
      `<domain><name>x</name><metadata>${markXml({ organization: "o", project: "coreos-cluster", stack: text, owner: text })}</metadata></domain>`;
    const { mark, node } = nodeOf(xml(evil).replaceAll("\ufffd", "&#27;"), "running");
    deepEqual([mark?.stack, mark?.owner], [evil, evil]);
    const { pool } = cluster("lost");
    const found = {
      clusters: [{ mark: mark ?? cluster("x").mark, nodes: [node], pool: undefined, created: undefined }],
      leftovers: pool === undefined ? [] : [{ ...pool, name: evil, path: `/p/${evil}` }],
    };
    const text = renderClusters("h", found, new Set(), now);
    const shown = "dev\\u{9b}2J\\u{1b}[1;1H\\u{a}\\u{202e}organization/coreos-cluster/dev";
    equal(text.split("\n").length, 4);
    const [, stack = "", leftover = ""] = text.split("\n");
    ok(stack.startsWith(`o/coreos-cluster/${shown} `), stack);
    ok(leftover.includes(`pool ${shown} in /p/${shown} `), leftover);
    doesNotMatch(text.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
    const document = visibleJson(clustersJson("h", found, new Set()));
    doesNotMatch(document.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
    deepEqual(JSON.parse(document), clustersJson("h", found, new Set()));
  });

  it("is one document for programs", () => {
    const { pool } = cluster("lost");
    const found = { clusters: [cluster("dev")], leftovers: pool === undefined ? [] : [pool] };
    const document = JSON.parse(JSON.stringify(clustersJson("qemu:///system", found, new Set()))) as unknown;
    deepEqual(document, {
      uri: "qemu:///system",
      clusters: [
        {
          ...{ organization: "acme", project: "coreos-cluster", stack: "dev", owner, thisCheckout: false },
          ...{ created: "2026-03-01T09:00:00.000Z", vcpus: 6, memory: 3 * 512 * 2 ** 20 },
          pool: { name: "dev-core", path: "/p/dev-core", allocation: 400 * 2 ** 20, capacity: 15 * 2 ** 30 },
          nodes: ["running", "running", "shut off"].map((state, index) => ({
            ...{ name: `dev-core0${index + 1}`, uuid: `u${index}`, state, memory: 512 * 2 ** 20, vcpus: 2 },
          })),
        },
      ],
      leftovers: [
        {
          pool: "lost-core",
          owner: "u",
          path: "/p/lost-core",
          volumes: ["a", "b"],
          allocation: 400 * 2 ** 20,
        },
      ],
    });
  });
});

describe("words for people", () => {
  const sizes: readonly (readonly [number, string])[] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 KiB"],
    [196_624, "192 KiB"],
    [2 ** 30, "1 GiB"],
    [1.5 * 2 ** 30, "1.5 GiB"],
    [9.96 * 2 ** 30, "10 GiB"],
    [2 ** 50, "1024 TiB"],
  ];
  for (const [bytes, text] of sizes)
    it(`${bytes} bytes are ${text}`, () => {
      equal(size(bytes), text);
    });

  const ages: readonly (readonly [number, string])[] = [
    [-5, "0 s"],
    [0, "0 s"],
    [119, "119 s"],
    [120, "2 min"],
    [7199, "119 min"],
    [7200, "2 h"],
    [172_799, "47 h"],
    [172_800, "2 d"],
  ];
  for (const [seconds, text] of ages)
    it(`${seconds} seconds are ${text}`, () => {
      equal(age(new Date(now.getTime() - seconds * 1000), now), text);
    });

  it("machines are counted by what most matters", () => {
    equal(states(["running", "running"]), "2 running");
    equal(states(["shut off"]), "1 off");
    equal(states(["running", "paused"]), "1 of 2 running");
    equal(states(["shut off", "crashed"]), "0 of 2 running");
  });
});

describe("a stack's state", () => {
  it("says who owns what the stack has on a host, and the program's outputs", () => {
    const urn =
      "urn:pulumi:dev::coreos-cluster::coreos-cluster:index:CoreOSCluster$random:index/randomId:RandomId::cluster";
    const resources = [
      { urn: "x", type: "pulumi:pulumi:Stack", outputs: { etcdEndpoints: ["http://10.0.0.1:2379"] } },
      { urn: `${urn}-owner`, type: "random:index/randomId:RandomId", outputs: { hex: owner } },
      { urn: `${urn}-token`, type: "random:index/randomId:RandomId", outputs: { hex: "ff" } },
    ];
    const { owners, outputs } = parseState(JSON.stringify({ version: 3, deployment: { resources } }));
    deepEqual([owners, outputs], [[owner], { etcdEndpoints: ["http://10.0.0.1:2379"] }]);
  });

  it("says nothing before the first up", () => {
    deepEqual(parseState('{"version":3,"deployment":{}}'), {
      owners: [],
      hosts: [],
      outputs: {},
      session: undefined,
      tls: false,
    });
  });
});
