import { deepEqual, doesNotMatch, equal, match, rejects } from "node:assert/strict";
import { readEtcd } from "../../../commands/readiness/etcd.ts";
import type { Located } from "../../../commands/readiness/machines.ts";
import { readRegistry } from "../../../commands/readiness/registry.ts";
import { type ClusterReport, nodesIn } from "../../../commands/readiness/report.ts";
import type { NodeSettings, ReadinessSettings } from "../../../commands/readiness/settings.ts";
import { type Pace, waitUntilHealthy } from "../../../commands/readiness/wait.ts";
import { Cluster, NAMES, QUICK } from "./clusterDouble.ts";
import { quietly } from "./doubles.ts";

const pace: Pace = { ...QUICK, silence: 10_000 };
const HOSTS = ["127.0.0.2", "127.0.0.3", "127.0.0.4"];

const nodeOf = (
  name: string,
  role: NodeSettings["role"],
  more: Partial<NodeSettings> = {},
): NodeSettings => ({
  ...{ name, role, mac: "52:54:00:00:00:01", machine: `id-of-${name}` },
  ...more,
});
const members = NAMES.map((name) => nodeOf(name, "member"));
const client = nodeOf("b01", "client");

describe("readiness: where nodes are, and machines that are no members", () => {
  let cluster: Cluster;
  let nodes: NodeSettings[];
  let mode: ReadinessSettings["mode"];
  let located: Record<string, Located>;
  let resolved: Record<string, string>;
  /** Addresses where ssh answers. */
  let ssh: Set<string>;
  let running: Set<string>;
  let consoles: Record<string, string[]>;

  beforeEach(async () => {
    cluster = new Cluster();
    await cluster.open();
    nodes = [...members, client];
    mode = "etcd";
    [located, resolved, consoles] = [{}, {}, {}];
    ssh = new Set();
    running = new Set([...NAMES, "b01"]);
  });
  afterEach(() => cluster.close());

  async function wait(timeout = 5, before?: ClusterReport): Promise<ClusterReport> {
    const discoveryUrl = mode === "static" ? "" : (cluster.registry?.url ?? "");
    const registry = { mode, discoveryUrl, endpoints: [] };
    const sources = {
      registry: readRegistry(registry),
      etcd: readEtcd(cluster.port),
      machines: {
        running: () => Promise.resolve((name: string) => running.has(name)),
        locate: (name: string) => Promise.resolve(located[name]),
      },
      reach: {
        resolve: (name: string) => Promise.resolve(resolved[name]),
        ssh: (host: string) => Promise.resolve(ssh.has(host) ? undefined : "connect ECONNREFUSED"),
      },
      consoles: {
        path: (name: string) => `/logs/${name}.log`,
        tail: (name: string) => Promise.resolve(consoles[name]),
      },
    };
    const settings = { ...registry, nodes, uri: "test:///default", timeout, clientPort: cluster.port };
    return await waitUntilHealthy(settings, sources, pace, nodesIn(JSON.stringify(before ?? {})));
  }
  const quiet = async (before?: ClusterReport): Promise<ClusterReport> => {
    let report: ClusterReport | undefined;
    await quietly(async () => (report = await wait(5, before)));
    return report ?? { nodes: [], endpoints: [], leader: "" };
  };
  const fails = async (timeout: number, ...messages: RegExp[]): Promise<void> => {
    await quietly(() =>
      rejects(wait(timeout), (error: Error) => {
        for (const message of messages) match(error.message, message);
        return true;
      }),
    );
  };

  describe("a client", () => {
    it("is ready when its ssh server answers, and is no endpoint", async () => {
      located = { b01: { address: "10.0.0.9", agent: false } };
      ssh.add("10.0.0.9");
      const report = await quiet();
      deepEqual(report.nodes.at(-1), {
        name: "b01",
        memberId: "",
        addresses: ["10.0.0.9"],
        machine: "id-of-b01",
      });
      equal(report.endpoints.length, 3);
      equal(report.leader, "a02");
    });

    it("is ready when its guest agent answers", async () => {
      located = { b01: { address: "10.0.0.9", agent: true } };
      deepEqual((await quiet()).nodes.at(-1)?.addresses, ["10.0.0.9"]);
    });

    it("is found by its given address, and by its name", async () => {
      ssh.add("10.0.0.7");
      nodes = [...members, { ...client, address: "10.0.0.7" }];
      deepEqual((await quiet()).nodes.at(-1)?.addresses, ["10.0.0.7"]);
      nodes = [...members, client];
      resolved = { b01: "10.0.0.7" };
      deepEqual((await quiet()).nodes.at(-1)?.addresses, ["10.0.0.7"]);
    });

    it("is looked for at each place where it may be", async () => {
      located = { b01: { address: "10.0.0.8", agent: false } };
      nodes = [...members, { ...client, address: "10.0.0.7" }];
      ssh.add("10.0.0.8");
      deepEqual((await quiet()).nodes.at(-1)?.addresses, ["10.0.0.8"]);
    });

    it("is waited for, and what is missing is told", async () => {
      await fails(
        0.2,
        /- a01: healthy 127\.0\.0\.2\n/,
        /- b01: booting; nobody knows its address; does the bridge's DHCP/,
      );
      located = { b01: { address: "10.0.0.9", agent: false } };
      await fails(
        0.2,
        /- b01: has address 10\.0\.0\.9 \(ssh: connect ECONNREFUSED\); it has an address, but neither its guest agent nor/,
      );
    });

    it("blames no registry that only members need", async () => {
      located = Object.fromEntries(
        NAMES.map((name, index) => [name, { address: HOSTS[index] ?? "", agent: true }]),
      );
      await cluster.registry?.close();
      await quietly(() =>
        rejects(wait(0.2), (error: Error) => {
          doesNotMatch(error.message, /registry/);
          return true;
        }),
      );
    });

    it("fails at once as a member does: not running, or with its own words", async () => {
      running.delete("b01");
      await fails(60, /b01 can't become healthy: the machine is not running any more/);
      running.add("b01");
      consoles = { b01: ["COREOS-CLUSTER-IGNITION-FAILED: disk full"] };
      await fails(60, /b01 can't become healthy: Ignition failed: disk full/);
    });

    it("says how far it has come", async () => {
      setTimeout(() => (located = { b01: { address: "10.0.0.9", agent: false } }), 40);
      setTimeout(() => ssh.add("10.0.0.9"), 80);
      const said = await quietly(wait);
      match(said, /b01: booting -> has address 10\.0\.0\.9/);
      match(said, /b01: has address -> ready 10\.0\.0\.9/);
      match(said, /All 3 members are healthy and one cluster, led by a02; 1 machine without etcd is ready/);
    });
  });

  it("waits for machines alone where there are no members", async () => {
    nodes = [client, nodeOf("b02", "client")];
    running = new Set(["b01", "b02"]);
    located = { b01: { address: "10.0.0.9", agent: true }, b02: { address: "10.0.0.10", agent: true } };
    const { registry } = cluster;
    deepEqual(await quiet(), {
      nodes: [
        { name: "b01", memberId: "", addresses: ["10.0.0.9"], machine: "id-of-b01" },
        { name: "b02", memberId: "", addresses: ["10.0.0.10"], machine: "id-of-b02" },
      ],
      endpoints: [],
      leader: "",
    });
    equal(registry?.asked.length, 0);
  });

  describe("members without a registry", () => {
    beforeEach(() => {
      mode = "static";
      nodes = [...members];
    });

    it("are found at given addresses", async () => {
      nodes = members.map((node, index) => ({ ...node, address: HOSTS[index] ?? "" }));
      equal((await quiet()).leader, "a02");
    });

    it("are found by their names", async () => {
      resolved = Object.fromEntries(NAMES.map((name, index) => [name, HOSTS[index] ?? ""]));
      equal((await quiet()).leader, "a02");
    });

    it("are found where the host has seen them", async () => {
      located = Object.fromEntries(
        NAMES.map((name, index) => [name, { address: HOSTS[index] ?? "", agent: false }]),
      );
      equal((await quiet()).leader, "a02");
    });

    it("are found by what one of them says of the others", async () => {
      resolved = { a03: "127.0.0.4" };
      deepEqual(
        (await quiet()).nodes.map(({ addresses }) => addresses[0]),
        HOSTS,
      );
    });

    it("are reported by address where the others know them by name", async () => {
      cluster.peer = (index) => `${NAMES[index] ?? ""}.example`;
      resolved = { a03: "127.0.0.4", "a01.example": "127.0.0.2", "a02.example": "127.0.0.3" };
      deepEqual(
        (await quiet()).nodes.map(({ addresses }) => addresses[0]),
        HOSTS,
      );
    });

    it("are told apart from what is there instead of them", async () => {
      resolved = { a01: "127.0.0.2" };
      for (const member of cluster.state) member.members = ["x1"];
      await fails(0.2, /- a01: healthy 127\.0\.0\.2\n/, /- a02: booting; nobody knows its address/);
      resolved = Object.fromEntries(NAMES.map((name, index) => [name, HOSTS[index] ?? ""]));
      await fails(0.2, /not one cluster yet: a01 lists the members x1, not a01, a02, a03/);
      equal(cluster.store.size, 0);
    });

    it("are asked whether names resolve where etcd does not get healthy", async () => {
      resolved = Object.fromEntries(NAMES.map((name, index) => [name, HOSTS[index] ?? ""]));
      for (const member of cluster.state) member.health = { health: "false" };
      await fails(
        0.2,
        /- a02: has address 127\.0\.0\.3 \(etcd: health: "false"\); its etcd is not healthy; does it run, do the members' names resolve/,
      );
    });
  });

  describe("when only a client is another one", () => {
    const before = async (): Promise<ClusterReport> => {
      located = { b01: { address: "10.0.0.9", agent: true } };
      const report = await quiet();
      nodes = [...members, { ...client, machine: "another" }];
      return report;
    };

    it("finds members whose registry is gone where they were", async () => {
      const report = await before();
      await cluster.registry?.close();
      equal((await quiet(report)).leader, "a02");
    });

    it("finds members whose registry has forgotten them", async () => {
      const report = await before();
      cluster.registered = {};
      equal((await quiet(report)).leader, "a02");
    });

    it("does not mind that the registry serves others by now", async () => {
      const report = await before();
      cluster.registered = { x1: "http://10.0.0.1:2380" };
      equal((await quiet(report)).leader, "a02");
    });

    it("minds it when a member is another one", async () => {
      const report = await before();
      cluster.registered = { x1: "http://10.0.0.1:2380" };
      nodes = [nodeOf("a01", "member", { machine: "another" }), ...members.slice(1), client];
      await quietly(() => rejects(waitWith(report), /already used by others: x1/));
    });
    const waitWith = (report: ClusterReport): Promise<ClusterReport> => wait(60, report);

    it("does not take another machine for ready because something answers where its forerunner was", async () => {
      const report = await before();
      located = {};
      ssh.add("10.0.0.9");
      await quietly(() => rejects(wait(0.2, report), /b01: booting; nobody knows its address/));
    });
  });

  it("prints reports that it reads back, and reads nothing out of what is none", async () => {
    located = { b01: { address: "10.0.0.9", agent: true } };
    const report = await quiet();
    deepEqual([...nodesIn(JSON.stringify(report)).values()], report.nodes);
    for (const text of ["", "null", "[]", '{"nodes":[1,{}]}', "{"]) equal(nodesIn(text).size, 0);
  });
});
