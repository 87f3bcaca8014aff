/** An update that only takes machines out, while one that stays is off. */
import { deepEqual, equal } from "node:assert/strict";
import { restingIn, restingWords, withoutThem, withThem } from "../../../commands/readiness/fewer.ts";
import { readEtcd } from "../../../commands/readiness/etcd.ts";
import { type ClusterReport, type NodeReport, nodesIn } from "../../../commands/readiness/report.ts";
import { readSettings, type ReadinessSettings } from "../../../commands/readiness/settings.ts";
import { PACE, waitUntilHealthy } from "../../../commands/readiness/wait.ts";
import { Cluster, NAMES } from "./clusterDouble.ts";
import { quietly } from "./doubles.ts";

const settingsOf = (members: readonly string[], clients: readonly string[] = []): ReadinessSettings =>
  readSettings({
    NODES: members.map((name) => `${name}=52:54:00:00:00:01`).join(" "),
    CLIENTS: clients.map((name) => `${name}=52:54:00:00:00:02`).join(" "),
    MACHINES: [...members, ...clients].map((name) => `${name}=uuid-${name}`).join(" "),
    ...{ MODE: "static", LIBVIRT_URI: "test:///default", TIMEOUT: "5" },
  });
const seen = (name: string, more: Partial<NodeReport> = {}): NodeReport => ({
  ...{ name, machine: `uuid-${name}`, memberId: `id-${name}`, addresses: [`at-${name}`], ...more },
});
const reportOf = (...nodes: readonly NodeReport[]): Map<string, NodeReport> =>
  nodesIn(JSON.stringify({ nodes, endpoints: [], leader: "" }));
const whereOff = (...off: string[]) => ({
  running: () => Promise.resolve((name: string) => !off.includes(name)),
});
const resting = async (
  settings: ReadinessSettings,
  before: ReadonlyMap<string, NodeReport>,
  ...off: string[]
): Promise<string[]> => (await restingIn(settings, before, whereOff(...off))).map(({ name }) => name);

describe("who is not waited for", () => {
  const four = reportOf(...["a", "b", "c", "d"].map((name) => seen(name)));

  it("is a minority that is off where others only go, clients too", async () => {
    deepEqual(await resting(settingsOf(["a", "b", "c"]), four, "b"), ["b"]);
    const before = reportOf(...["a", "b", "c", "w"].map((name) => seen(name)), seen("x"));
    deepEqual(await resting(settingsOf(["a", "b", "c"], ["w"]), before, "b", "w"), ["b", "w"]);
    deepEqual(await resting(settingsOf(["a", "b", "c"]), four), []);
  });

  it("is nobody where the others are no majority, where none goes, and where one is new", async () => {
    deepEqual(await resting(settingsOf(["a", "b", "c"]), four, "b", "c"), []);
    deepEqual(await resting(settingsOf(["a", "b"]), four, "b"), []);
    deepEqual(await resting(settingsOf(["a"]), four, "a"), []);
    deepEqual(await resting(settingsOf(["a", "b", "c", "d"]), four, "b"), []);
    deepEqual(await resting(settingsOf(["a", "b", "e"]), four, "b"), []);
    deepEqual(
      await resting(
        settingsOf(["a", "b", "c"]),
        reportOf(seen("a"), seen("b"), seen("c", { machine: "old" }), seen("d")),
        "b",
      ),
      [],
    );
    deepEqual(await resting(settingsOf([], ["w"]), reportOf(seen("w"), seen("x")), "w"), []);
  });

  it("is nobody whose host does not answer", async () => {
    const silent = { running: () => Promise.resolve(() => undefined) };
    deepEqual(await restingIn(settingsOf(["a", "b", "c"]), four, silent), []);
  });
});

describe("the wait where a member leaves and another one is off", () => {
  let cluster: Cluster;
  beforeEach(async () => {
    cluster = new Cluster();
    await cluster.open();
  });
  afterEach(() => cluster.close());

  it("ends with the others, and reports the one that is off as it was", async () => {
    cluster.state.splice(1, 1, { ...cluster.state[1], health: "off" } as (typeof cluster.state)[number]);
    const settings = { ...settingsOf(NAMES), clientPort: cluster.port };
    const host = (index: number): string => cluster.host(index);
    const before = reportOf(
      ...NAMES.map((name, index) => seen(name, { addresses: [host(index)] })),
      seen("a04", { addresses: ["127.0.0.9"] }),
    );
    cluster.state.forEach((member) => (member.members = [...NAMES, "a04"]));
    const off = await restingIn(settings, before, whereOff("a02"));
    equal(
      restingWords(off),
      "a02: not running, and not waited for, since this update only takes machines out",
    );
    const etcd = readEtcd(cluster.port);
    const sources = {
      registry: () => Promise.resolve({ hosts: new Map<string, string>() }),
      etcd,
      machines: { ...whereOff("a02"), locate: () => Promise.resolve(undefined) },
      reach: { resolve: () => Promise.resolve(undefined), ssh: () => Promise.resolve("refused") },
      consoles: { path: (name: string) => name, tail: () => Promise.resolve(undefined) },
    };
    let report: ClusterReport | undefined;
    await quietly(async () => {
      cluster.state.forEach((member) => (member.leader = "4"));
      const found = await waitUntilHealthy(
        withoutThem(settings, off),
        sources,
        { ...PACE, round: 5 },
        before,
      );
      report = withThem(found, off, settings, (place) => etcd.endpoint(place));
    });
    deepEqual(report, {
      nodes: [
        { name: "a01", addresses: [host(0)], memberId: "a", machine: "uuid-a01" },
        { name: "a02", addresses: [host(1)], memberId: "id-a02", machine: "uuid-a02" },
        { name: "a03", addresses: [host(2)], memberId: "c", machine: "uuid-a03" },
      ],
      endpoints: [0, 1, 2].map((index) => `http://${host(index)}:${cluster.port}`),
      leader: "a03",
    });
  });
});
