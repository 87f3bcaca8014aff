/** Members come and go on a real etcd on loopback: one address each, one common port, as on real machines. */
import { deepEqual, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join as path } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { membersApi, type MembersApi, type View } from "../../../commands/membership/api.ts";
import { join, JOIN_PACE } from "../../../commands/membership/join.ts";
import { leave, withdraw } from "../../../commands/membership/leave.ts";
import { type Joined, membershipSettings } from "../../../commands/membership/settings.ts";
import { sourcesOf } from "../../../commands/membership/sources.ts";
import { start, type Started } from "../../../commands/membership/start.ts";
import { PACE } from "../../../commands/readiness/wait.ts";
import type { Look } from "../../../commands/restore/unfinished.ts";
import { ETCD_34, Etcds, freePorts } from "../discovery/etcds.ts";

const FOUNDERS = ["n1", "n2", "n3"];
const ALL = ["a0", ...FOUNDERS, "n4", "n5"];
const hostOf = (name: string): string => `127.0.0.${30 + ALL.indexOf(name)}`;

describe("members of a real etcd come and go", function () {
  this.timeout(180_000);
  let etcds: Etcds;
  let clientPort: number;
  let peerPort: number;

  const peerUrl = (name: string): string => `http://${hostOf(name)}:${peerPort}`;
  const clientUrl = (name: string): string => `http://${hostOf(name)}:${clientPort}`;
  const uuids = (names: readonly string[]): string =>
    names.map((name) => `${name}=00000000-0000-4000-8000-00000000000${ALL.indexOf(name)}`).join(" ");

  beforeEach(async () => {
    etcds = new Etcds();
    [clientPort = 0, peerPort = 0] = await freePorts(2);
    hosts(ALL);
  });
  afterEach(() => etcds.remove());

  /** libvirt's own test driver: a host on which domains of these names run, and that knows no addresses. */
  function hosts(names: readonly string[]): void {
    const domains = names.map(
      (name) =>
        `<domain type="test"><name>${name}</name><uuid>00000000-0000-4000-8000-00000000000${ALL.indexOf(name)}</uuid>` +
        `<memory>1024</memory><os><type>hvm</type></os></domain>`,
    );
    writeFileSync(path(etcds.folder, "host.xml"), `<node>${domains.join("")}</node>`);
  }

  function startEtcd(name: string, flags: Readonly<Record<string, string>>): void {
    etcds.start(ETCD_34, name, {
      ...{ "listen-client-urls": clientUrl(name), "advertise-client-urls": clientUrl(name) },
      ...{ "listen-peer-urls": peerUrl(name), "initial-advertise-peer-urls": peerUrl(name) },
      ...flags,
    });
  }

  const found = (names: readonly string[], token = "one"): void => {
    const all = names.map((name) => `${name}=${peerUrl(name)}`).join(",");
    for (const name of names) startEtcd(name, { "initial-cluster": all, "initial-cluster-token": token });
  };

  const listed = (names: readonly string[]): string =>
    names.map((name) => `${name}=52:54:00:00:00:0${ALL.indexOf(name)}=${hostOf(name)}`).join(" ");

  const settingsOf = (name: string, before: readonly string[], more: Record<string, string> = {}) =>
    membershipSettings({
      MEMBER: listed([name]),
      NODES: listed(before),
      OTHERS: listed(ALL.filter((other) => other !== name && !before.includes(other))),
      MACHINES: uuids([...before, name]),
      PEER_URL: peerUrl(name),
      ...{ MODE: "static", LIBVIRT_URI: `test://${etcds.folder}/host.xml`, TIMEOUT: "60" },
      CLIENT_PORT: String(clientPort),
      ...more,
    });

  const quick = { round: 200, leaderless: 6000, change: 15_000 };
  async function joins(
    name: string,
    before: readonly string[],
    more: Record<string, string> = {},
  ): Promise<Joined> {
    const settings = settingsOf(name, before, more);
    return await join(settings, sourcesOf(settings), { ...JOIN_PACE, ...quick });
  }
  async function starts(name: string, before: readonly string[], joined: Joined): Promise<Started> {
    const settings = settingsOf(name, before);
    return await start(settings, joined, sourcesOf(settings), { ...PACE, round: 200 });
  }
  async function withdraws(name: string, before: readonly string[], joined: Joined): Promise<void> {
    const settings = settingsOf(name, before);
    await withdraw(settings, joined, sourcesOf(settings));
  }
  async function leaves(name: string, before: readonly string[], joined: Joined): Promise<void> {
    const settings = settingsOf(name, before);
    await leave(settings, joined, sourcesOf(settings), { round: 200, patience: 6000 });
  }
  const view = async (at: string): Promise<View> => {
    const seen = await membersApi(clientPort).view({ name: at, host: hostOf(at) });
    ok(seen, `${at} doesn't answer`);
    return seen;
  };
  const names = async (at: string): Promise<string[]> =>
    (await view(at)).members.map(({ name, learner }) => (learner ? `${name} (learner)` : name)).toSorted();

  /** All that becomes of a member: entry, etcd, vote. */
  async function grows(name: string, before: readonly string[]): Promise<Joined> {
    const joined = await joins(name, before);
    startEtcd(name, { "initial-cluster": joined.initialCluster, "initial-cluster-state": "existing" });
    const started = await starts(name, before, joined);
    equal(started.memberId, joined.memberId);
    equal(started.host, hostOf(name));
    return joined;
  }

  const write = async (at: string, key: string, value: string): Promise<number> => {
    const body = JSON.stringify({ key: btoa(key), value: btoa(value) });
    return (await fetch(`${clientUrl(at)}/v3/kv/put`, { method: "POST", body })).status;
  };
  const read = async (at: string, key: string): Promise<string | undefined> => {
    const body = JSON.stringify({ key: btoa(key) });
    const answer = await fetch(`${clientUrl(at)}/v3/kv/range`, { method: "POST", body });
    const { kvs = [] } = (await answer.json()) as { kvs?: { value: string }[] };
    return kvs[0] === undefined ? undefined : atob(kvs[0].value);
  };

  it("three become five and three again; what was written is there at each, also for a name that sorts first", async () => {
    found(FOUNDERS);
    const four = await grows("n4", FOUNDERS);
    equal(await write("n1", "key", "before"), 200);
    const five = await grows("a0", [...FOUNDERS, "n4"]);
    deepEqual(await names("n2"), ["a0", ...FOUNDERS, "n4"]);
    for (const name of ["a0", ...FOUNDERS, "n4"]) equal(await read(name, "key"), "before");

    await leaves("a0", [...FOUNDERS, "n4"], five);
    await leaves("n4", FOUNDERS, four);
    deepEqual(await names("n1"), FOUNDERS);
    // Once more: nothing is left to be done.
    await leaves("n4", FOUNDERS, four);
    equal(await read("n3", "key"), "before");
    equal(await write("n3", "key", "after"), 200);
  });

  it("one becomes two and one again: without a vote, the second can't stop the first", async () => {
    found(["n1"]);
    const joined = await joins("n2", ["n1"]);
    equal(await write("n1", "key", "alone"), 200);
    deepEqual(await names("n1"), [" (learner)", "n1"]);
    startEtcd("n2", { "initial-cluster": joined.initialCluster, "initial-cluster-state": "existing" });
    await starts("n2", ["n1"], joined);
    deepEqual(await names("n1"), ["n1", "n2"]);
    await leaves("n2", ["n1"], joined);
    deepEqual(await names("n1"), ["n1"]);
    equal(await read("n1", "key"), "alone");
  });

  describe("a leader hands over before", () => {
    /** The API, with what it was asked to change. */
    const recorded = (api: MembersApi, calls: string[]): MembersApi => ({
      ...api,
      handOver: async (at, id) => {
        const refusal = await api.handOver(at, id);
        calls.push(`${at.name} hands over: ${refusal ?? "done"}`);
        return refusal;
      },
      remove: async (at, id) => {
        const before = await api.view(at);
        calls.push(`${before?.leader === id ? "the leader" : "a follower"} is taken out`);
        return await api.remove(at, id);
      },
    });

    async function leads(name: string, all: readonly string[]): Promise<void> {
      const { memberId, leader } = await view(name);
      if (leader === memberId) return;
      const ids = await Promise.all(all.map(async (one) => [one, (await view(one)).memberId] as const));
      const [first = ""] = ids.find(([, id]) => id === leader) ?? [];
      equal(await membersApi(clientPort).handOver({ name: first, host: hostOf(first) }, memberId), undefined);
      equal((await view(name)).leader, memberId);
    }

    it("that leaves", async () => {
      found(FOUNDERS);
      const four = await grows("n4", FOUNDERS);
      await leads("n4", [...FOUNDERS, "n4"]);
      const calls: string[] = [];
      const settings = settingsOf("n4", FOUNDERS);
      const sources = sourcesOf(settings);
      const pace = { round: 200, patience: 6000 };
      await leave(settings, four, { ...sources, api: recorded(sources.api, calls) }, pace);
      deepEqual(calls, ["n4 hands over: done", "a follower is taken out"]);
      equal(await write("n1", "key", "value"), 200);
    });

    it("that is replaced, be it one that began the cluster", async () => {
      found(FOUNDERS);
      await joins("n4", FOUNDERS); // waits until they are healthy
      await leads("n2", FOUNDERS);
      await withdrawn("n4");
      const calls: string[] = [];
      const settings = settingsOf("n2", ["n1", "n3"], { REPLACES: "1" });
      const sources = sourcesOf(settings);
      const api = recorded(sources.api, calls);
      await join(settings, { ...sources, api }, { ...JOIN_PACE, ...quick });
      deepEqual(calls, ["n2 hands over: done", "a follower is taken out"]);
      equal(await write("n1", "key", "value"), 200);
    });

    async function withdrawn(name: string): Promise<void> {
      const { members } = await view("n1");
      const { id = "" } = members.find((one) => one.name === "") ?? {};
      equal(await membersApi(clientPort).remove({ name: "n1", host: hostOf("n1") }, id), undefined, name);
    }
  });

  it("an entry that a killed run left is taken over, once and again", async () => {
    found(FOUNDERS);
    const first = await joins("n4", FOUNDERS);
    const second = await joins("n4", FOUNDERS);
    equal(second.memberId, first.memberId);
    equal(second.initialCluster, first.initialCluster);
    equal((await view("n1")).members.length, 4);
    startEtcd("n4", { "initial-cluster": second.initialCluster, "initial-cluster-state": "existing" });
    await starts("n4", FOUNDERS, second);
    deepEqual(await names("n1"), [...FOUNDERS, "n4"]);
  });

  it("an entry that was made and never used is taken out with its machine, and stays where another run has taken it over", async () => {
    found(FOUNDERS);
    hosts(ALL.filter((name) => name !== "n4"));
    await withdraws("n4", FOUNDERS, await joins("n4", FOUNDERS));
    deepEqual(await names("n1"), FOUNDERS);
    const first = await joins("n4", FOUNDERS);
    const second = await joins("n4", FOUNDERS); // with another config
    equal(second.memberId, first.memberId);
    hosts(ALL);
    startEtcd("n4", { "initial-cluster": second.initialCluster, "initial-cluster-state": "existing" });
    await starts("n4", FOUNDERS, second);
    await withdraws("n4", FOUNDERS, first);
    deepEqual(await names("n1"), [...FOUNDERS, "n4"]);
    // Its machine has gone before it could become a member.
    await etcds.stop(["n4"]);
    hosts(ALL.filter((name) => name !== "n4"));
    await withdraws("n4", FOUNDERS, second);
    deepEqual(await names("n1"), FOUNDERS);
  });

  it("nobody is added to a cluster without a majority, and its list stays as it is", async () => {
    found(FOUNDERS);
    await grows("n4", FOUNDERS);
    await etcds.stop(["n4", "n3"]);
    await rejects(joins("n5", FOUNDERS), ({ message }: Error) => {
      match(message, /n5 can't join: its cluster has no majority \(.*n[12] says health: "false" for 6 s/s);
      match(message, /Nothing was changed/);
      return true;
    });
    deepEqual(await names("n1"), [...FOUNDERS, "n4"]);
  });

  it("nobody leaves where the others would be no majority", async () => {
    found(FOUNDERS);
    const four = await grows("n4", FOUNDERS);
    await etcds.stop(["n3", "n2"]);
    await rejects(leaves("n4", FOUNDERS, four), ({ message }: Error) => {
      match(message, /n4 can't leave its cluster, and its machine stays/);
      match(message, /1 of 3 healthy|0 of 3 healthy/);
      match(message, /n2 doesn't answer/);
      return true;
    });
    deepEqual(await names("n4"), [...FOUNDERS, "n4"]);
  });

  it("while a restore is unfinished nobody comes or goes, and the list stays as it is", async () => {
    found(FOUNDERS);
    const four = await grows("n4", FOUNDERS);
    const swapped = {
      name: "n1",
      peers: "",
      dataFolder: "",
      walFolder: "",
      leftover: "swapped",
      source: "",
      free: 0,
    } as const;
    let asked = 0;
    const restores = (): Promise<Look[]> => {
      asked += 1;
      return Promise.resolve([
        { ...swapped, node: "n1" },
        { node: "n5", silent: true },
      ]);
    };
    const [comes, goes] = [settingsOf("n5", [...FOUNDERS, "n4"]), settingsOf("n4", FOUNDERS)];
    await rejects(
      join(comes, { ...sourcesOf(comes), restores }, { ...JOIN_PACE, ...quick }),
      /^ProgramError: n5 can't join: a restore of this cluster was ended in the middle.*Nothing was changed/s,
    );
    const pace = { round: 200, patience: 6000 };
    await rejects(
      leave(goes, four, { ...sourcesOf(goes), restores }, pace),
      /^ProgramError: n4 can't leave its cluster: a restore of this cluster was ended in the middle/,
    );
    deepEqual([await names("n1"), asked], [[...FOUNDERS, "n4"], 2]);
    // Also where none of the others answers, as those that a restore has stopped.
    await etcds.stop(FOUNDERS);
    const began = performance.now();
    await rejects(leave(goes, four, { ...sourcesOf(goes), restores }, pace), /a restore of this cluster/);
    await rejects(
      join(comes, { ...sourcesOf(comes), restores }, { ...JOIN_PACE, ...quick }),
      /a restore of this cluster/,
    );
    ok(performance.now() - began < 6000);
  });

  it("one that is dead leaves, since the others are a majority", async () => {
    found(FOUNDERS);
    const four = await grows("n4", FOUNDERS);
    await etcds.stop(["n4"]);
    await leaves("n4", FOUNDERS, four);
    deepEqual(await names("n1"), FOUNDERS);
  });

  it("one that broke is replaced: its old entry goes, another one comes", async () => {
    found(FOUNDERS);
    for (
      let tries = 0;
      (await membersApi(clientPort).view({ name: "n1", host: hostOf("n1") }))?.leader === undefined;
      tries++
    ) {
      ok(tries < 100);
      await sleep(200);
    }
    await sleep(1000);
    equal(await write("n1", "key", "kept"), 200);
    const { memberId } = await view("n2");
    await etcds.stop(["n2"]);
    etcds.forget("n2");
    const joined = await joins("n2", ["n1", "n3"], { REPLACES: "1" });
    notEqual(joined.memberId, memberId);
    startEtcd("n2", { "initial-cluster": joined.initialCluster, "initial-cluster-state": "existing" });
    await starts("n2", ["n1", "n3"], joined);
    deepEqual(await names("n1"), FOUNDERS);
    equal(await read("n2", "key"), "kept");
  });

  it("in a cluster that was made anew, an old membership ends without a word to the new one", async () => {
    found(FOUNDERS);
    const old = await grows("n4", FOUNDERS);
    await etcds.stop();
    for (const name of ["n4", ...FOUNDERS]) etcds.forget(name);
    found(FOUNDERS, "two");
    const joined = await joins("n4", FOUNDERS);
    notEqual(joined.clusterId, old.clusterId);
    // The machine that the old membership knows is gone: another one has its name.
    hosts(ALL.filter((name) => name !== "n4"));
    await leaves("n4", FOUNDERS, old);
    equal((await view("n1")).members.length, 4);
    // And when no machine of the old cluster is there, nobody is asked at all.
    hosts(["n5"]);
    await etcds.stop();
    await leaves("n4", FOUNDERS, old);
  });

  it("the last one of all has no list to leave, where the others went before it; it has one where they only are away", async () => {
    found(["n1", "n2"]);
    const joined = await grows("n4", ["n1", "n2"]); // waits until they are healthy
    const own = async (name: string): Promise<Joined> => ({
      ...joined,
      memberId: (await view(name)).memberId,
    });
    const [one, two] = [await own("n1"), await own("n2")];
    // All are to go, as those of a cluster that was rolled: n4 came last.
    await leaves("n4", [], joined);
    await etcds.stop(["n4"]);
    await etcds.stop(["n2"]);
    await rejects(leaves("n1", [], one), /n1 can't leave its cluster.*none of the others answers/);
    startEtcd("n2", { "initial-cluster-state": "existing" });
    await leaves("n2", [], two);
    await etcds.stop(["n2"]);
    await leaves("n1", [], one);
    deepEqual(await names("n1"), ["n1"]);
  });

  it("a member whose others are another authority's by now has no list to leave", async () => {
    found(["n1"]);
    const joined = await grows("n2", ["n1"]);
    await etcds.stop(["n1"]);
    hosts(["n1", "n2"]);
    // n1 came after it, so that its machine is not known.
    const settings = settingsOf("n2", []);
    const sources = sourcesOf(settings);
    const leavesAmong = (strangers: readonly string[]): Promise<void> => {
      const api = {
        ...sources.api,
        isStranger: ({ name }: { name: string }) => Promise.resolve(strangers.includes(name)),
      };
      return leave(settings, joined, { ...sources, api }, { round: 200, patience: 2000 });
    };
    await rejects(leavesAmong([]), /none of the others answers/);
    await leavesAmong(["n1"]);
  });

  it("in a cluster that was restored, the member of that name leaves", async () => {
    found(FOUNDERS);
    const four = await grows("n4", FOUNDERS);
    await leaves("n4", FOUNDERS, { ...four, memberId: "deadbeef", clusterId: "cafe" });
    deepEqual(await names("n1"), FOUNDERS);
  });

  describe("in a cluster that was restored before its membership was written down", () => {
    /** What a restore leaves: the same members, at the same places, of another cluster. */
    async function restored(members: readonly string[]): Promise<void> {
      await etcds.stop();
      for (const name of ALL) etcds.forget(name);
      found(members, "restored");
    }
    const startsIn = async (settings: ReturnType<typeof settingsOf>, joined: Joined): Promise<Started> =>
      await start(settings, joined, sourcesOf(settings), { ...PACE, round: 200 });

    it("a member that was replaced is one", async () => {
      found(FOUNDERS);
      await joins("n4", FOUNDERS).then((joined) =>
        membersApi(clientPort).remove({ name: "n1", host: hostOf("n1") }, joined.memberId),
      );
      const more = { REPLACES: "1", OTHERS: "" };
      const joined = await joins("n2", ["n1", "n3"], more);
      await restored(FOUNDERS);
      const started = await startsIn(settingsOf("n2", ["n1", "n3"], more), joined);
      notEqual(started.clusterId, joined.clusterId);
      const { clusterId, memberId } = await view("n2");
      deepEqual(started, { clusterId, memberId, host: hostOf("n2") });
    });

    it("a member that came later is one, and leaves it again", async () => {
      found(FOUNDERS);
      const joined = await joins("n4", FOUNDERS);
      await restored([...FOUNDERS, "n4"]);
      equal((await starts("n4", FOUNDERS, joined)).memberId, (await view("n4")).memberId);
      await leaves("n4", FOUNDERS, joined);
      deepEqual(await names("n1"), FOUNDERS);
    });

    const soon = { ...PACE, round: 200, outside: 2000 };

    it("a member that is not in it is told at once, and so is one of a cluster of its own", async () => {
      found(FOUNDERS);
      const joined = await joins("n4", FOUNDERS);
      await restored(FOUNDERS);
      const settings = settingsOf("n4", FOUNDERS);
      const says = (why: RegExp) => async (): Promise<void> => {
        const began = performance.now();
        await rejects(start(settings, joined, sourcesOf(settings), soon), ({ message }: Error) => {
          match(message, /^n4 can't become healthy: its cluster was restored meanwhile, and it is /);
          match(message, why);
          match(message, /npm run cluster -- replace n4 makes it anew/);
          return true;
        });
        ok(performance.now() - began < 30_000);
      };
      await says(/not on the members' list of the cluster that n1, n2, n3 are/)();
      const ended = "COREOS-CLUSTER-ETCD-ENDED: error validating peerURLs: member count is unequal";
      const consoles = { path: () => "n4.log", tail: () => Promise.resolve([ended, ended]) };
      await rejects(
        start(settings, joined, { ...sourcesOf(settings), consoles }, { ...soon, outside: 60_000 }),
        /^ProgramError: n4 can't become healthy: its cluster was restored .*replace n4 makes it anew.*ETCD-ENDED/s,
      );
      found(["n4"], "alone");
      for (
        let tries = 0;
        (await membersApi(clientPort).view({ name: "n4", host: hostOf("n4") })) === undefined;
        tries++
      ) {
        ok(tries < 50);
        await sleep(200);
      }
      await says(/a member of another cluster \([0-9a-f]+\) than n1, n2, n3 \([0-9a-f]+\)/)();
    });
  });

  it("a member that somebody removed meanwhile is not waited for", async () => {
    found(FOUNDERS);
    const joined = await joins("n4", FOUNDERS);
    equal(
      await membersApi(clientPort).remove({ name: "n1", host: hostOf("n1") }, joined.memberId),
      undefined,
    );
    await rejects(
      starts("n4", FOUNDERS, joined),
      /no member of its cluster any more .*replace n4 makes it anew/s,
    );
  });
});
