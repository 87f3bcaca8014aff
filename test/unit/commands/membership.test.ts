import { deepEqual, equal, throws } from "node:assert/strict";
import {
  hasLearners,
  refusalOf,
  viewOf,
  type ListedMember,
  type View,
} from "../../../commands/membership/api.ts";
import { nextStep } from "../../../commands/membership/join.ts";
import type { Seen } from "../../../commands/membership/look.ts";
import { quorumOf } from "../../../commands/membership/quorum.ts";
import { joinedOf, membershipSettings } from "../../../commands/membership/settings.ts";

const member = (name: string, more: Partial<ListedMember> = {}): ListedMember => ({
  ...{ id: `id${name}`, name, peerUrls: [`http://${name}:2380`], clientUrls: [], learner: false },
  ...more,
});
const view = (members: readonly ListedMember[], version = "3.4.30"): View => ({
  ...{ clusterId: "c", memberId: members[0]?.id ?? "", leader: "l", version, members },
});
const seenOf = (names: readonly string[], members: readonly ListedMember[], version?: string): Seen[] =>
  names.map((name) => ({
    ...{ name, host: name, healthy: true },
    view: { ...view(members, version), memberId: `id${name}` },
  }));

const env = {
  MEMBER: "d=52:54:00:00:00:04",
  NODES: "a=52:54:00:00:00:01=10.0.0.1 b=52:54:00:00:00:02",
  OTHERS: "e=52:54:00:00:00:05",
  MACHINES: "a=uuid-a d=uuid-d",
  PEER_URL: "http://d:2380",
  MODE: "static",
  LIBVIRT_URI: "qemu:///system",
  TIMEOUT: "60",
};
const settings = membershipSettings(env);

describe("the membership program", () => {
  it("is told the member, those that must be there, and those that may be", () => {
    deepEqual(
      [settings.member, ...settings.nodes, ...settings.others].map(({ name, machine, address }) => [
        name,
        machine,
        address,
      ]),
      [
        ["d", "uuid-d", undefined],
        ["a", "uuid-a", "10.0.0.1"],
        ["b", "", undefined],
        ["e", "", undefined],
      ],
    );
    equal(settings.replaces, false);
    throws(() => membershipSettings({ ...env, MEMBER: "" }), /MEMBER is not set/);
    throws(() => joinedOf("{}"), /JOINED has no memberId/);
  });

  const [a, b, c] = ["a", "b", "c"].map((name) => member(name)) as [ListedMember, ListedMember, ListedMember];
  const quorums: readonly [string, ListedMember[], string[], string | undefined, boolean][] = [
    ["all of three", [a, b, c], ["ida", "idb", "idc"], undefined, true],
    ["two of three", [a, b, c], ["ida", "idb"], undefined, true],
    ["one of three", [a, b, c], ["ida"], undefined, false],
    ["two of three, without the dead one", [a, b, c], ["ida", "idb"], "idc", true],
    ["two of three, without one of them", [a, b, c], ["ida", "idb"], "ida", false],
    [
      "learners have no vote",
      [a, { ...b, learner: true }, { ...c, learner: true }],
      ["ida"],
      undefined,
      true,
    ],
    ["the last one", [a], ["ida"], "ida", false],
    ["two, one leaves", [a, b], ["ida", "idb"], "idb", true],
  ];
  for (const [what, members, healthy, without, kept] of quorums)
    it(`sees the majority: ${what}`, () => {
      equal(quorumOf(members, new Set(healthy), without).kept, kept);
    });

  const unstarted = member("", { id: "new", peerUrls: ["http://d:2380"], learner: true });
  const steps: readonly [string, ListedMember[], string[], string, string | undefined][] = [
    ["a healthy cluster: it is added", [a, b, c], ["a", "b", "c"], "3.4.30", "add"],
    ["one that doesn't know learners: with a vote", [a, b, c], ["a", "b", "c"], "3.3.27", "add voter"],
    ["its entry of a killed run is taken over", [a, b, c, unstarted], ["a", "b"], "3.4.30", "done"],
    ["its old entry is taken out", [a, b, c, member("d")], ["a", "b", "c"], "3.4.30", "remove"],
    ["its old entry stays where the others are no majority", [a, b, c, member("d")], ["a"], "3.4.30", "wait"],
    ["no majority: nothing", [a, b, c], ["a"], "3.4.30", "wait"],
    [
      "a learner of somebody else's: nothing",
      [a, b, member("x", { learner: true })],
      ["a", "b"],
      "3.4.30",
      "wait",
    ],
  ];
  for (const [what, members, seen, version, does] of steps)
    it(`decides: ${what}`, () => {
      const step = nextStep(settings, view(members, version), seenOf(seen, members, version));
      equal(step.do === "add" && !step.learner ? "add voter" : step.do, does);
    });

  it("reads etcd's answers", () => {
    equal(viewOf(undefined, undefined), undefined);
    deepEqual(
      viewOf(
        { version: "3.4.30", leader: "10" },
        {
          header: { cluster_id: "255", member_id: "16" },
          members: [{ ID: "16", peerURLs: ["http://d:2380"], isLearner: true }],
        },
      ),
      {
        ...{ clusterId: "ff", memberId: "10", leader: "a", version: "3.4.30" },
        members: [{ id: "10", name: "", peerUrls: ["http://d:2380"], clientUrls: [], learner: true }],
      },
    );
    equal(refusalOf({ status: 200, body: {} }), undefined);
    equal(
      refusalOf({ status: 503, body: { message: "etcdserver: unhealthy cluster" } }),
      "unhealthy cluster",
    );
    equal(refusalOf({ status: 502, body: "x" }), "status 502");
    equal(refusalOf({ problem: "connect ECONNREFUSED" }), "connect ECONNREFUSED");
    deepEqual(["3.3.27", "3.4.0", "3.10.1", "4.0.0", ""].map(hasLearners), [false, true, true, true, false]);
  });
});
