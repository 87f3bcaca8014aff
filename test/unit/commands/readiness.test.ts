import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { readEtcd } from "../../../commands/readiness/etcd.ts";
import { readRegistry } from "../../../commands/readiness/registry.ts";
import type { ClusterReport } from "../../../commands/readiness/report.ts";
import { type Sources, waitUntilHealthy } from "../../../commands/readiness/wait.ts";
import { Cluster, NAMES, QUICK } from "./clusterDouble.ts";
import { quietly } from "./doubles.ts";

describe("readiness", () => {
  let cluster: Cluster;
  let consoles: Record<string, string[]>;
  let running: Set<string>;
  let addresses: Record<string, string>;

  beforeEach(async () => {
    cluster = new Cluster();
    consoles = {};
    running = new Set(NAMES);
    addresses = {};
    await cluster.open();
  });
  afterEach(() => cluster.close());

  const wait = (timeout = 5): Promise<ClusterReport> => {
    const discoveryUrl = cluster.registry?.url ?? "";
    const registry = { mode: "url", discoveryUrl, endpoints: [] } as const;
    const sources: Sources = {
      registry: readRegistry(registry),
      etcd: readEtcd(cluster.port),
      machines: {
        running: () => Promise.resolve((name) => running.has(name)),
        locate: (name) => {
          const address = addresses[name];
          return Promise.resolve(address === undefined ? undefined : { address, agent: true });
        },
      },
      reach: { resolve: () => Promise.resolve(undefined), ssh: () => Promise.resolve("refused") },
      consoles: { path: (name) => `/logs/${name}.log`, tail: (name) => Promise.resolve(consoles[name]) },
    };
    const nodes = NAMES.map((name) => ({
      ...{ name, mac: "52:54:00:00:00:01", machine: "" },
      role: "member" as const,
    }));
    const settings = { ...registry, nodes, uri: "test:///default", timeout, clientPort: cluster.port };
    return waitUntilHealthy(settings, sources, QUICK);
  };

  const fails = async (timeout: number, ...messages: RegExp[]): Promise<void> => {
    await quietly(() =>
      rejects(wait(timeout), (error: Error) => {
        for (const message of messages) match(error.message, message);
        return true;
      }),
    );
  };

  it("reports addresses, member ids, endpoints and the leader", async () => {
    await quietly(async () => {
      deepEqual(await wait(), {
        nodes: [
          { name: "a01", addresses: ["127.0.0.2"], memberId: "a" },
          { name: "a02", addresses: ["127.0.0.3"], memberId: "b" },
          { name: "a03", addresses: ["127.0.0.4"], memberId: "c" },
        ],
        endpoints: [2, 3, 4].map((last) => `http://127.0.0.${last}:${cluster.port}`),
        leader: "a02",
      });
    });
  });

  it("leaves no key behind", async () => {
    await quietly(wait);
    ok(cluster.servers.some(({ asked }) => asked.some(({ path }) => path.endsWith("kv/put"))));
    equal(cluster.store.size, 0);
  });

  for (const gateway of ["/v3beta", "/v3alpha", undefined])
    it(`speaks to members with ${gateway ?? "the v2 API only"}`, async () => {
      for (const member of cluster.state) member.gateway = gateway;
      await quietly(async () => {
        const { leader, nodes } = await wait();
        equal(leader, "a02");
        equal(nodes[0]?.memberId, gateway === undefined ? "10" : "a");
      });
      equal(cluster.store.size, 0);
    });

  it("says how far each node has come", async () => {
    cluster.registered = {};
    addresses = { a02: "127.0.0.3" };
    const later = new Cluster();
    setTimeout(() => (cluster.registered = { a01: "http://127.0.0.2:2380" }), 60);
    setTimeout(() => {
      for (const index of NAMES.keys())
        cluster.registered[NAMES[index] ?? ""] = `http://${later.host(index)}:2380`;
    }, 120);
    for (const member of cluster.state) member.health = { health: "false" };
    setTimeout(() => {
      for (const member of cluster.state) member.health = { health: "true" };
    }, 180);
    const said = await quietly(wait);
    match(said, /a02: booting -> has address 127\.0\.0\.3 \(\d+ s\)/);
    match(said, /a01: booting -> registered 127\.0\.0\.2 \(\d+ s\)/);
    match(said, /a02: has address -> registered 127\.0\.0\.3/);
    match(said, /a03: registered -> healthy 127\.0\.0\.4/);
    match(said, /All 3 members are healthy and one cluster, led by a02/);
  });

  for (const health of [
    { health: "false" },
    { health: "unhealthy" },
    { health: false },
    "unhealthy",
    { reason: "true" },
  ])
    it(`does not take ${JSON.stringify(health)} for healthy`, async () => {
      for (const member of cluster.state.slice(2)) member.health = health;
      await fails(
        0.2,
        /not healthy after 0\.2 s/,
        /- a01: healthy 127\.0\.0\.2\n/,
        /- a03: registered 127\.0\.0\.4 \(etcd: /,
      );
    });

  it("does not take members of two clusters for one", async () => {
    for (const member of cluster.state.slice(2)) member.members = ["a03"];
    await fails(0.2, /not one cluster yet: a03 lists the members a03, not a01, a02, a03/);
  });

  const apart = (name: string, why: string): RegExp =>
    new RegExp(
      `^${name} can't become healthy: ${why}.*npm run cluster -- replace ${name} makes it anew`,
      "s",
    );

  it("does not wait for a member that the others, a healthy majority, don't list", async () => {
    for (const member of cluster.state) Object.assign(member, { cluster: "7", members: NAMES.slice(0, 2) });
    for (const member of cluster.state.slice(2))
      Object.assign(member, { health: { health: "false" }, members: [] });
    await fails(60, apart("a03", "it is not on the members' list of the cluster that a01, a02 are"));
  });

  it("names the way on for it, too, where its console says first that it can't come up", async () => {
    for (const member of cluster.state) Object.assign(member, { cluster: "7", members: NAMES.slice(0, 2) });
    for (const member of cluster.state.slice(2))
      Object.assign(member, { health: { health: "false" }, members: [] });
    const ended = "COREOS-CLUSTER-ETCD-ENDED: member count is unequal";
    consoles = { a03: [ended, ended] };
    await fails(
      60,
      apart("a03", "it is not on the members' list of the cluster that a01, a02 are"),
      /\| COREOS-CLUSTER-ETCD-ENDED/,
    );
    for (const member of cluster.state) member.members = NAMES;
    await fails(60, /^a03 can't become healthy: its etcd ends again and again: member count is unequal/);
  });

  it("nor for one that is healthy in a cluster of its own", async () => {
    for (const member of cluster.state) Object.assign(member, { cluster: "7", members: NAMES.slice(0, 2) });
    for (const member of cluster.state.slice(2)) Object.assign(member, { cluster: "8", members: ["a03"] });
    await fails(60, apart("a03", "it is a member of another cluster \\(8\\) than a01, a02 \\(7\\)"));
  });

  it("waits for one that is listed, and for one that gets on the list soon", async () => {
    for (const member of cluster.state) member.cluster = "7";
    for (const member of cluster.state.slice(2)) member.health = { health: "false" };
    await fails(0.8, /not healthy after 0\.8 s/);
    for (const member of cluster.state)
      Object.assign(member, { health: { health: "true" }, members: NAMES.slice(0, 2) });
    setTimeout(() => {
      for (const member of cluster.state) member.members = NAMES;
    }, 150);
    await quietly(() => wait(5));
  });

  it("does not take members without a common leader for a cluster", async () => {
    for (const member of cluster.state.slice(2)) member.leader = "4";
    await fails(0.2, /follow no common leader: b, b, c/);
  });

  it("wants a key written through one member to be read through another", async () => {
    for (const member of cluster.state.slice(2)) member.forgetful = true;
    await fails(0.2, /written through 127\.0\.0\.2 was not read through 127\.0\.0\.4/);
  });

  it("tells on a time-out how far each node came, with its last words and what to do", async () => {
    delete cluster.registered["a03"];
    cluster.peer = () => undefined;
    consoles = { a03: ["waiting for the network", "still waiting"] };
    await fails(
      0.2,
      /- a03: booting; it has not registered; does the bridge's DHCP server/,
      /\/logs\/a03\.log/,
      /\| still waiting/,
      /virsh --connect test:\/\/\/default console a03/,
      /pulumi config set readinessTimeout/,
    );
  });

  it("says that the registry does not answer", async () => {
    await cluster.registry?.close();
    await fails(0.2, /registry does not answer: GET http:.*ECONNREFUSED/);
  });

  it("gets on with the guest agent's addresses when the registry has forgotten the cluster", async () => {
    cluster.registered = {};
    addresses = { a01: "127.0.0.2", a02: "127.0.0.3", a03: "127.0.0.4" };
    await quietly(async () => {
      equal((await wait()).leader, "a02");
    });
  });

  it("fails at once for a URL that others use", async () => {
    cluster.registered["stranger"] = "http://127.0.0.9:2380";
    await fails(60, /already used by others: stranger/, /discovery\.url URL/);
  });

  it("fails at once when a machine is gone", async () => {
    delete cluster.registered["a02"];
    running.delete("a02");
    await fails(60, /a02 can't become healthy: the machine is not running any more/, /`pulumi up` goes on/);
  });

  it("fails at once with the node's own words when its Ignition failed", async () => {
    delete cluster.registered["a02"];
    consoles = { a02: ["booting", "COREOS-CLUSTER-IGNITION-FAILED: no such user: nobody2", "emergency"] };
    await fails(60, /a02 can't become healthy: Ignition failed: no such user: nobody2/, /\| emergency/);
  });

  it("fails at once with the node's own words when it does not get as far as Ignition", async () => {
    delete cluster.registered["a02"];
    consoles = { a02: ["COREOS-CLUSTER-BOOT-FAILED: no disk with a root file system was found"] };
    await fails(30, /a02 can't become healthy: the system could not start: no disk with a root file system/);
  });

  it("gives a guest a moment to say why, then fails", async () => {
    delete cluster.registered["a02"];
    cluster.peer = () => undefined;
    consoles = { a02: ["[FAILED] Failed to start Ignition (files)."] };
    setTimeout(() => consoles["a02"]?.push("COREOS-CLUSTER-IGNITION-FAILED: disk full"), 15);
    await fails(60, /Ignition failed: disk full/);
    consoles = { a02: ["Kernel panic - not syncing: Attempted to kill init!"] };
    await fails(60, /kernel panic: Attempted to kill init!/);
  });

  describe("while Ignition tries to fetch something", () => {
    /** Attempts on a02's console, one every few milliseconds. @returns what ends them. */
    const tries = (error: string): (() => void) => {
      let attempt = 0;
      consoles = { a02: ["booting"] };
      const timer = setInterval(() => {
        attempt += 1;
        consoles["a02"]?.push(`[ 9.1] ignition[6]: GET http://10.0.0.1/x: attempt #${attempt}`);
        consoles["a02"]?.push(`[ 9.1] ignition[6]: GET error: Get "http://10.0.0.1/x": ${error}`);
      }, 10);
      return () => {
        clearInterval(timer);
      };
    };

    it("fails early with the URL and Ignition's own words when it never comes", async () => {
      delete cluster.registered["a02"];
      cluster.peer = () => undefined;
      const end = tries("dial tcp 10.0.0.1:80: connect: connection refused");
      await fails(
        30,
        /a02 can't become healthy: Ignition can't fetch http:\/\/10\.0\.0\.1\/x \(attempt #\d+\): dial tcp .*: connection refused/,
        /\| \[ 9\.1\] ignition\[6\]: GET error/,
        /Ignition goes on trying: once it gets an answer, `pulumi up` goes on/,
      );
      end();
    });

    it("waits when it comes a little later", async () => {
      const end = tries("dial tcp 10.0.0.1:80: connect: connection refused");
      setTimeout(() => {
        end();
        consoles["a02"]?.push("[ 9.9] ignition[6]: GET result: OK");
      }, 60);
      const { peer } = cluster;
      cluster.peer = () => undefined;
      setTimeout(() => (cluster.peer = peer), 400);
      await quietly(wait);
    });
  });
});
