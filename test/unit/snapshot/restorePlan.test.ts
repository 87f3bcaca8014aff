/** What a restore is going to do, and what speaks against it. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type NodeFacts, parseFacts } from "../../../commands/restore/node.ts";
import { nothingToGoBackTo, outsideWords } from "../../../commands/restore/left.ts";
import { planRestore, type RestorePlan, type Situation } from "../../../commands/restore/plan.ts";
import type { SnapshotFile } from "../../../commands/snapshot/file.ts";
import type { MemberState } from "../../../commands/snapshot/members.ts";
import type { Said } from "../../../commands/snapshot/reached.ts";

const file: SnapshotFile = {
  ...{ size: 1000, sha256: "aa", revision: 7, keys: 3, digest: "dd", clusterVersion: "3.4" },
  members: ["one-core01", "one-core02", "one-core03"],
};

const node = (name: string, more: Partial<NodeFacts> = {}): NodeFacts => ({
  ...{ node: name, name, peers: `http://10.0.0.9:2380`, dataFolder: "/var/lib/etcd", walFolder: "" },
  ...{ leftover: "none", source: "", free: 2 ** 30, ...more },
});

const names = ["dev-core01", "dev-core02"];

const answer = (index: number, more: Partial<MemberState> = {}): Said<MemberState> => ({
  ...{ endpoint: `http://10.0.0.${index}:2379`, revision: 5, version: "3.4.23", cluster: "1", v2Keys: false },
  members: names.map((name, place) => ({ name, peerUrls: [`http://10.0.0.${place + 1}:2380`] })),
  ...more,
});

const silent = (index: number): Said<MemberState> => ({
  ...{ endpoint: `http://10.0.0.${index}:2379`, problem: "connection refused" },
});

const situation = (more: Partial<Situation> = {}): Situation => ({
  ...{ file, nodes: names.map((name) => node(name)), states: [answer(1), answer(2)], force: false },
  ...more,
});

const planned = (more: Partial<Situation> = {}): RestorePlan => {
  const plan = planRestore(situation(more));
  ok("members" in plan, JSON.stringify(plan));
  return plan;
};

const refused = (more: Partial<Situation>): string => {
  const plan = planRestore(situation(more));
  ok("problems" in plan, JSON.stringify(plan));
  return plan.problems.join("\n");
};

describe("the plan of a restore", () => {
  it("takes names and peer URLs from the cluster as it is", () => {
    const plan = planned();
    equal(plan.initialCluster, "dev-core01=http://10.0.0.1:2380,dev-core02=http://10.0.0.2:2380");
    deepEqual([plan.keepOld, plan.notes], [false, []]);
  });

  it("lists each of a member's peer URLs", () => {
    const members = names.map((name) => ({ name, peerUrls: ["http://a:2380", "http://b:7001"] }));
    const plan = planned({ states: [answer(1, { members }), answer(2, { members })] });
    match(plan.initialCluster, /^dev-core01=http:\/\/a:2380,dev-core01=http:\/\/b:7001,dev-core02=/);
    equal(plan.members[0]?.peerUrls, "http://a:2380,http://b:7001");
  });

  it("takes them from the nodes where no member answers, and only when that is forced", () => {
    const states = [silent(1), silent(2)];
    match(refused({ states }), /not healthy: http:\/\/10\.0\.0\.1:2379: connection refused.*--force/);
    equal(planned({ states, force: true }).members[0]?.peerUrls, "http://10.0.0.9:2380");
    const nodes = names.map((name) => node(name, { peers: "" }));
    match(refused({ states, nodes, force: true }), /where dev-core01 serves its peers is said neither/);
  });

  it("names the one that is outside of a cluster that is healthy without it, and the way on", () => {
    const three = [...names, "dev-core03"];
    const apart = [1, 2].map((index) =>
      answer(index, { members: three.map((name) => ({ name, peerUrls: [`http://${name}:2380`] })) }),
    );
    match(
      refused({ states: [...apart, silent(3)], nodes: three.map((name) => node(name)) }),
      /not healthy: .*10\.0\.0\.3.*dev-core03 is no healthy member .*npm run cluster -- replace dev-core03\. Mend it first/,
    );
  });

  it("refuses what would go wrong later, all at once", () => {
    const found = refused({
      file: { ...file, clusterVersion: "3.6" },
      nodes: [node("dev-core01", { free: 100 }), node("dev-core02", { walFolder: "/wal" })],
    });
    match(found, /the snapshot is of etcd 3\.6, and the members run 3\.4\.23/);
    match(found, /dev-core01 has 100 B free.*128 MiB are needed/);
    match(found, /dev-core02 keeps its write-ahead log apart, in \/wal/);
  });

  it("refuses members that are no nodes, several clusters, and one that is missing", () => {
    const stranger = [...names, "other"].map((name) => ({ name, peerUrls: ["http://x:2380"] }));
    match(refused({ states: [answer(1, { members: stranger }), answer(2)] }), /lists the members .*other/);
    match(refused({ states: [answer(1), answer(2, { cluster: "2" })] }), /several clusters/);
    match(refused({ states: [answer(1)] }), /1 of 2 members/);
  });

  for (const [version, goes] of [
    ["3.4", true],
    ["3.3", true],
    ["3.5", false],
    ["4.0", false],
    ["2.9", true],
  ] as const)
    it(`${goes ? "takes" : "refuses"} a snapshot of etcd ${version} for 3.4`, () => {
      equal("members" in planRestore(situation({ file: { ...file, clusterVersion: version } })), goes);
    });

  describe("after a run that did not end", () => {
    const left = (first: Partial<NodeFacts>, second: Partial<NodeFacts>): readonly NodeFacts[] => [
      node("dev-core01", first),
      node("dev-core02", second),
    ];
    const swapped = { leftover: "swapped", source: "aa" } as const;
    const begun = { leftover: "begun", source: "aa" } as const;

    it("goes on though members are down, and keeps what was there before it", () => {
      const plan = planned({ nodes: left(swapped, begun), states: [silent(1), silent(2)] });
      equal(plan.keepOld, true);
      match(plan.notes.join(), /did not end: what was there before it comes back/);
    });

    it("keeps it, too, when the same file is restored again into a healthy cluster", () => {
      equal(planned({ nodes: left(swapped, swapped) }).keepOld, true);
    });

    it("takes the data of now for what has to come back when a healthy cluster gets another file", () => {
      const other = { leftover: "swapped", source: "bb" } as const;
      const plan = planned({ nodes: left(other, other) });
      equal(plan.keepOld, false);
      match(plan.notes.join(), /is dropped/);
    });

    it("has nothing to keep where nothing was replaced, or all was finished", () => {
      equal(planned({ nodes: left(begun, begun), states: [silent(1), silent(2)] }).keepOld, false);
      const settled = { leftover: "settled", source: "aa" } as const;
      deepEqual(planned({ nodes: left(settled, swapped) }).notes, []);
      equal(planned({ nodes: left(settled, swapped) }).keepOld, false);
    });
  });

  describe("after a run that did not end, and a machine that was made anew since", () => {
    const swapped = node("dev-core01", { leftover: "swapped", source: "aa" });
    const anew = node("dev-core02");

    it("drops what the others have from before: the data of now come back, where they are one healthy cluster's", () => {
      const plan = planned({ nodes: [swapped, anew] });
      equal(plan.keepOld, false);
      match(plan.notes.join(), /is dropped/);
      equal(planned({ nodes: [swapped, anew], states: [answer(1), silent(2)] }).keepOld, true);
    });

    it("is not taken back: it has nothing to go back to", () => {
      const words = nothingToGoBackTo([swapped, anew], "dev") ?? "";
      match(
        words,
        /^the restore into stack dev can't be taken back: dev-core02 has nothing .*Nothing was changed/,
      );
      match(words, /restore FILE` with the same file/);
      match(
        nothingToGoBackTo([swapped, anew, node("dev-core03")], "dev") ?? "",
        /dev-core02, dev-core03 have/,
      );
    });

    for (const [what, nodes] of [
      ["no restore", [anew]],
      ["one that has replaced nothing yet", [node("dev-core01", { leftover: "begun" }), anew]],
      ["one that was put back already", [swapped, node("dev-core02", { leftover: "begun" })]],
      ["one that was finished", [swapped, node("dev-core03", { leftover: "settled" }), anew]],
    ] as const)
      it(`nothing speaks against it: ${what}`, () => {
        equal(nothingToGoBackTo(nodes, "dev"), undefined);
      });
  });

  it("names who is outside of the cluster of the others, and what brings them in", () => {
    const three = [...names, "dev-core03"];
    const torn = [answer(1), answer(2, { cluster: "2" }), answer(3)];
    equal(
      outsideWords(torn, three),
      "dev-core02 is no healthy member of the cluster that the others are. Where that stays so: npm run cluster -- replace dev-core02",
    );
    match(outsideWords([silent(1), answer(2), answer(3)], three) ?? "", /^dev-core01 is no healthy member/);
    equal(outsideWords([answer(1), answer(2), answer(3)], three), undefined);
    equal(outsideWords([answer(1), silent(2), silent(3)], three), undefined);
    equal(outsideWords([answer(1), answer(2)], three), undefined);
  });

  it("says that keys of the v2 API will be gone", () => {
    match(planned({ states: [answer(1, { v2Keys: true }), answer(2)] }).notes.join(), /keys of the v2 API/);
  });
});

describe("what a node says of its etcd", () => {
  it("is read line by line", () => {
    const text =
      "name=a\npeers=http://1.2.3.4:2380\ndata=/var/lib/etcd\nwal=\nactive=active\nstate=begun\nsource=ab\nfree=1024\n";
    deepEqual(parseFacts("n", text), {
      ...{ node: "n", name: "a", peers: "http://1.2.3.4:2380", dataFolder: "/var/lib/etcd", walFolder: "" },
      ...{ leftover: "begun", source: "ab", free: 1024 },
    });
  });

  it("is no answer where it has no state", () => {
    let message = "";
    try {
      parseFacts("n", "welcome\n");
    } catch (error) {
      message = (error as Error).message;
    }
    match(message, /welcome/);
  });
});
