/** Restores into real etcds: of other sizes, by each way of discovery, interrupted at each step, failing. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { nothingToGoBackTo } from "../../../commands/restore/left.ts";
import { planRestore, type RestorePlan } from "../../../commands/restore/plan.ts";
import { factsOf, restoreAll, type Stage, takeBack, TakenBackError } from "../../../commands/restore/run.ts";
import type { SnapshotFile } from "../../../commands/snapshot/file.ts";
import { memberStates } from "../../../commands/snapshot/reached.ts";
import { saveSnapshot } from "../../../commands/snapshot/save.ts";
import { labPaths } from "../../../lab/shared/context.ts";
import { checkout, ETCD_34 } from "../discovery/etcds.ts";
import { Members } from "./nodes.ts";

const paths = labPaths(checkout);
const base64 = (text: string): string => Buffer.from(text).toString("base64");

async function put(endpoint: string, key: string, value: string): Promise<void> {
  const body = JSON.stringify({ key: base64(key), value: base64(value) });
  const response = await fetch(`${endpoint}/v3/kv/put`, { method: "POST", body });
  equal(response.status, 200, await response.text());
}

/** All keys and values, as one member has them. */
async function all(endpoint: string): Promise<Record<string, string>> {
  const body = JSON.stringify({ key: base64("\0"), range_end: base64("\0") });
  const response = await fetch(`${endpoint}/v3/kv/range`, { method: "POST", body });
  const { kvs = [] } = (await response.json()) as { kvs?: { key: string; value: string }[] };
  const text = (word: string): string => Buffer.from(word, "base64").toString();
  return Object.fromEntries(kvs.map(({ key, value }) => [text(key), text(value)]));
}

async function planned(members: Members, file: SnapshotFile, force = false): Promise<RestorePlan> {
  const [nodes, states] = [await factsOf(members.nodes), await memberStates(paths, members.state)];
  const plan = planRestore({ file, nodes, states, force });
  ok("members" in plan, JSON.stringify(plan));
  return plan;
}

describe("a restore", function () {
  this.timeout(300_000);
  let three: Members;
  let one: Members;
  let path: string;
  let file: SnapshotFile;
  const saved = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`/saved/${index}`, `${index}`]));

  before(async () => {
    [three, one] = [new Members("three", 3), new Members("one", 1)];
    // By a discovery URL, which is used up once they are together.
    const registry = await three.etcds.registry(ETCD_34, { "enable-v2": "true" });
    const body = new URLSearchParams({ value: "3" });
    await fetch(`${registry}/v2/keys/discovery/0123456789abcdef0123456789abcdef/_config/size`, {
      ...{ method: "PUT", body },
    });
    await Promise.all([
      three.start([`--discovery=${registry}/v2/keys/discovery/0123456789abcdef0123456789abcdef`]),
      one.start(),
    ]);
    path = join(three.etcds.folder, "saved.db");
    for (const [key, value] of Object.entries(saved)) await put(three.endpoint, key, value);
    file = await saveSnapshot(paths, three.state, path, false, () => undefined);
  });
  after(async () => {
    await Promise.all([three.remove(), one.remove()]);
  });

  const leftovers = (members: Members): string[] =>
    members.names.flatMap((name) =>
      readdirSync(join(members.folder(name), "data")).filter((entry) => entry.startsWith("coreos")),
    );

  async function assertRestored(members: Members): Promise<void> {
    for (const { endpoint } of await memberStates(paths, members.state))
      deepEqual(await all(endpoint), saved, endpoint);
    deepEqual(leftovers(members), []);
    await put(members.endpoint, "/after", "1"); // it goes on
  }

  it("brings back what was saved, and not what came later, to members that were found by discovery", async () => {
    await put(three.endpoint, "/saved/1", "changed");
    await put(three.endpoint, "/later", "1");
    const before = await memberStates(paths, three.state);
    const stages: Stage[] = [];
    await restoreAll(three.work(), path, file, await planned(three, file), (stage) => stages.push(stage));
    await assertRestored(three);
    deepEqual(stages, ["replaced", "over"]);
    const after = await memberStates(paths, three.state);
    const cluster = (states: typeof before): string | undefined =>
      states[0]?.problem === undefined ? states[0]?.cluster : "";
    ok(cluster(before) !== cluster(after), "a new cluster id");
  });

  it("brings data of three members into a cluster of one, and back", async () => {
    await put(one.endpoint, "/of/one", "1");
    await restoreAll(one.work(), path, file, await planned(one, file), () => undefined);
    await assertRestored(one);
    const small = join(one.etcds.folder, "small.db");
    const ofOne = await saveSnapshot(paths, one.state, small, false, () => undefined);
    ok(ofOne.members.includes("one-core01")); // etcdctl 3.4 leaves the names of before beside
    await restoreAll(three.work(), small, ofOne, await planned(three, ofOne), () => undefined);
    for (const { endpoint } of await memberStates(paths, three.state))
      deepEqual(await all(endpoint), { ...saved, "/after": "1" });
  });

  it("leaves members to grow by", async () => {
    const body = JSON.stringify({ peerURLs: ["http://127.0.0.1:1"] });
    // etcd takes no new member before all have been connected for some seconds.
    let added: Response;
    for (let tries = 0; ; tries++) {
      added = await fetch(`${three.endpoint}/v3/cluster/member/add`, { method: "POST", body });
      if (added.status === 200) break;
      ok(tries < 30, await added.text());
      await sleep(1000);
    }
    const { member } = (await added.json()) as { member: { ID: string } };
    const removed = await fetch(`${three.endpoint}/v3/cluster/member/remove`, {
      ...{ method: "POST", body: JSON.stringify({ ID: member.ID }) },
    });
    equal(removed.status, 200);
    await three.healthy();
  });

  /** What a run that is killed leaves: the new data made everywhere, and put into place on so many nodes. */
  async function killedAfter(members: Members, swapped: number, started: boolean): Promise<void> {
    const plan = await planned(members, file);
    for (const { node, name, peerUrls } of plan.members) {
      const what = ["restore-killed", file.sha256, plan.keepOld ? "kept" : "fresh", String(file.size)];
      const args = [...what, name, plan.initialCluster, peerUrls];
      await members.nodes.find((each) => each.name === node)?.step("prepare", args, { input: path });
    }
    for (const node of members.nodes.slice(0, swapped)) {
      await node.step("swap", ["restore-killed"]);
      if (started) await node.step("start");
    }
  }

  for (const [swapped, started] of [
    [0, false],
    [1, false],
    [2, true],
    [3, true],
  ] as const) {
    const where = `${swapped} of 3 members have new data${started ? " and run" : ""}`;

    it(`goes on after a run that was killed when ${where}`, async () => {
      await put(three.endpoint, "/later", where);
      await killedAfter(three, swapped, started);
      await restoreAll(three.work(), path, file, await planned(three, file), () => undefined);
      await assertRestored(three);
    });

    it(`is taken back after a run that was killed when ${where}`, async () => {
      await put(three.endpoint, "/later", where);
      await killedAfter(three, swapped, started);
      await takeBack(three.work(), three.names);
      for (const { endpoint } of await memberStates(paths, three.state))
        equal((await all(endpoint))["/later"], where, endpoint);
      deepEqual(leftovers(three), []);
    });
  }

  it("is taken back, too, after a run of that was killed when some had theirs back", async () => {
    await put(three.endpoint, "/later", "halfway back");
    await killedAfter(three, 3, true);
    await three.nodes[1]?.step("back");
    const facts = await factsOf(three.nodes);
    deepEqual(
      facts.map(({ leftover }) => leftover),
      ["swapped", "begun", "swapped"],
    );
    equal(nothingToGoBackTo(facts, "dev"), undefined);
    await takeBack(three.work(), three.names);
    for (const { endpoint } of await memberStates(paths, three.state))
      equal((await all(endpoint))["/later"], "halfway back", endpoint);
    deepEqual(leftovers(three), []);
  });

  it("can't be taken back where a member was made anew since, and is finished with the same file", async () => {
    await killedAfter(three, 3, true);
    await three.healthy();
    // As the member has it that a machine made anew becomes: all data of now, and no record.
    await three.nodes[1]?.step("clear");
    match(
      nothingToGoBackTo(await factsOf(three.nodes), "dev") ?? "",
      /three-core02 has nothing to go back to/,
    );
    await restoreAll(three.work(), path, file, await planned(three, file), () => undefined);
    await assertRestored(three);
  });

  it("names who is outside where one was made anew and the others were taken back all the same", async () => {
    await put(three.endpoint, "/later", "torn");
    await killedAfter(three, 3, true);
    await three.healthy();
    await three.nodes[1]?.step("clear");
    await rejects(
      takeBack(three.work(8000), three.names),
      /not healthy after 8 s: .*three-core02 is no healthy member of .*: npm run cluster -- replace three-core02/,
    );
    deepEqual(leftovers(three), []); // else replace would be refused
    await restoreAll(three.work(), path, file, await planned(three, file, true), () => undefined);
    await assertRestored(three);
  });

  it("keeps the data from before through two runs that were killed", async () => {
    await put(three.endpoint, "/later", "twice");
    await killedAfter(three, 2, false);
    await killedAfter(three, 3, true);
    await takeBack(three.work(), three.names);
    equal((await all(three.endpoint))["/later"], "twice");
  });

  it("puts the old data back when a member does not come up", async () => {
    await put(three.endpoint, "/later", "kept");
    const broken = join(three.folder(three.names[2] ?? ""), "broken");
    writeFileSync(broken, "");
    try {
      const failing = restoreAll(three.work(8000), path, file, await planned(three, file), () => undefined);
      await rejects(failing, (error: Error) => {
        ok(error instanceof TakenBackError);
        match(error.message, /has its data from before again: not healthy after 8 s: .*ECONNREFUSED/);
        return true;
      });
    } finally {
      rmSync(broken);
    }
    await three.healthy();
    equal((await all(three.endpoint))["/later"], "kept");
    deepEqual(leftovers(three), []);
  });

  it("stops nothing when a node can't make the new data", async () => {
    const plan = await planned(three, file);
    const before = await memberStates(paths, three.state);
    writeFileSync(join(three.etcds.folder, "cut.db"), "");
    const cut = restoreAll(three.work(), join(three.etcds.folder, "cut.db"), file, plan, () => undefined);
    await rejects(cut, /three-core01: the snapshot did not arrive as a whole/);
    const wrong = {
      ...plan,
      members: plan.members.map((each) => ({ ...each, peerUrls: "http://127.0.0.1:2" })),
    };
    await rejects(
      restoreAll(three.work(), path, file, wrong, () => undefined),
      /three-core01: no etcdutl or etcdctl of this node restores the snapshot: .*etcdctl/,
    );
    deepEqual(await memberStates(paths, three.state), before);
    await takeBack(three.work(), three.names);
    deepEqual(leftovers(three), []);
  });

  it("does not go on where another one has begun", async () => {
    const [first] = three.nodes;
    await killedAfter(three, 0, false);
    await rejects(first?.step("swap", ["restore-mine"]) ?? Promise.resolve(), /another restore has begun/);
    await takeBack(three.work(), three.names);
    equal(existsSync(join(three.folder(three.names[0] ?? ""), "data/coreos-cluster-restore")), false);
  });
});
