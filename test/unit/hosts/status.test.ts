import { deepEqual, equal, match } from "node:assert/strict";
import { renderStatus, statusJson, statusOf } from "../../../commands/hosts/statusTable.ts";
import { viewOf } from "../../../commands/lab/clusterView.ts";
import { alarmsOf, statusOf as memberStatusOf } from "../../../commands/readiness/maintenance.ts";

/** What etcd 3.4 and newer write, byte for byte but for the numbers. */
const answer = (member: string, leader: string) => ({
  header: { cluster_id: "99", member_id: member, revision: "8", raft_term: "7" },
  version: "3.5.16",
  dbSize: "20480",
  leader,
  raftIndex: "20",
  raftTerm: "7",
  raftAppliedIndex: "20",
  dbSizeInUse: "16384",
});
const alarms = { header: {}, alarms: [{ memberID: "2", alarm: "NOSPACE" }, { alarm: "CORRUPT" }] };

const outputs = {
  nodes: [1, 2, 3].map((number) => ({
    ...{ name: `dev-core0${number}`, mac: `52:54:00:00:00:0${number}`, addresses: [`10.77.0.${number}`] },
    domainId: `id-${number}`,
  })),
  etcdEndpoints: [1, 2, 3].map((number) => `http://10.77.0.${number}:2379`),
};
const members = [1, 2, 3].map((number) => ({ name: `dev-core0${number}`, id: String(number) }));
const view = viewOf(outputs, [
  {
    endpoint: "http://10.77.0.1:2379",
    health: "healthy",
    members,
    status: memberStatusOf(answer("1", "1"), alarms),
  },
  {
    endpoint: "http://10.77.0.2:2379",
    health: "healthy",
    members,
    status: memberStatusOf(answer("2", "1"), alarms),
  },
  { endpoint: "http://10.77.0.3:2379", health: "connect EHOSTUNREACH", members: [] },
]);
const domains = new Map([
  ["dev-core01", "running"],
  ["dev-core02", "running"],
]);
const leases = [
  { mac: "52:54:00:00:00:01", address: "10.77.0.1" },
  { mac: "52:54:00:00:00:02", address: "10.77.0.99" },
];
const status = statusOf("dev", view, domains, leases);

describe("what a member says of itself", () => {
  it("is read from the gateway's numbers, which are text", () => {
    deepEqual(memberStatusOf(answer("10276657743932975437", "1"), undefined), {
      ...{ id: "8e9e05c52164694d", version: "3.5.16", leader: "1", dbSize: 20480, dbSizeInUse: 16384 },
      ...{ raftTerm: 7, raftIndex: 20, alarms: [] },
    });
  });

  it("knows no leader while there is none, and no numbers that are not there", () => {
    const { leader, dbSize, raftTerm } = memberStatusOf(
      { header: { member_id: "1", raft_term: "3" }, leader: "0" },
      {},
    );
    deepEqual([leader, dbSize, raftTerm], [undefined, undefined, 3]);
  });

  it("has its own alarms, not the others'", () => {
    deepEqual(
      [alarmsOf(alarms, "2"), alarmsOf(alarms, "1"), alarmsOf("garbage", "2")],
      [["NOSPACE"], [], []],
    );
  });

  it("has no control sequences of a terminal in it: whoever answers at the address could have sent it", () => {
    const { version, alarms: raised } = memberStatusOf(
      { header: { member_id: "1" }, version: "3.4.23\u001b[2J\u001b]0;owned\u0007" },
      { alarms: [{ memberID: "1", alarm: "NOSPACE\u001b[31m" }] },
    );
    deepEqual([version, raised], ["3.4.23", ["NOSPACE"]]);
  });
});

describe("the status of a cluster", () => {
  it("is a table of machines, members and health", () => {
    const lines = renderStatus(status).split("\n");
    match(lines[0] ?? "", /^NODE +ROLE +DOMAIN +ADDRESS +ETCD MEMBER +VERSION +DB +TERM +HEALTH$/);
    match(
      lines[1] ?? "",
      /^dev-core01 +leader +running +10\.77\.0\.1 +1 +3\.5\.16 +20 KiB \(16 KiB used\) +7 +healthy$/,
    );
    match(
      lines[2] ?? "",
      /^dev-core02 +member +running +10\.77\.0\.2 \(leased: 10\.77\.0\.99\) +2 .* healthy$/,
    );
    match(lines[3] ?? "", /^dev-core03 +member +gone +10\.77\.0\.3 +3 +- +- +- +connect EHOSTUNREACH$/);
    equal(lines[4], "Alarms: NOSPACE on dev-core02");
  });

  it("says when there is no leader, and when there are several", () => {
    const withLeaders = (one: string, other: string) =>
      renderStatus({
        ...status,
        nodes: status.nodes.slice(0, 2).map((node, index) => ({
          ...node,
          status: memberStatusOf(answer(String(index + 1), index === 0 ? one : other), {}),
        })),
      });
    match(withLeaders("0", "0"), /^No leader: fewer members than a majority reach each other$/m);
    match(withLeaders("1", "2"), /^Members follow 2 different leaders$/m);
  });

  it("names entries of the members' list that are none of the nodes'", () => {
    const more = [
      { name: "", id: "8e", host: "dev-core04" },
      { name: "old", id: "9f" },
    ];
    const answers = [
      { endpoint: "http://10.77.0.1:2379", health: "healthy", members: [...members, ...more] },
    ];
    const found = statusOf("dev", viewOf(outputs, answers), domains, leases);
    const lines = renderStatus(found).split("\n").slice(4);
    match(lines[0] ?? "", /: 8e \(never started, at dev-core04\)\..* majority .* member remove 8e$/);
    match(lines[1] ?? "", /: 9f \(old\)\..*--endpoints http:\/\/10\.77\.0\.1:2379,\S+ member remove 9f$/);
    const { strays } = JSON.parse(JSON.stringify(statusJson(found))) as { strays: unknown };
    deepEqual(strays, [
      { name: null, member: "8e", host: "dev-core04" },
      { name: "old", member: "9f", host: null },
    ]);
  });

  it("says how a paused cluster is started", () => {
    const off = statusOf("dev", view, new Map(outputs.nodes.map(({ name }) => [name, "shut off"])), []);
    match(renderStatus(off), /^All machines are off\. They are started by: npm run cluster -- resume$/m);
  });

  it("is one document for programs", () => {
    const { stack, healthy, nodes } = JSON.parse(JSON.stringify(statusJson(status))) as {
      stack: string;
      healthy: boolean;
      nodes: object[];
    };
    deepEqual([stack, healthy, nodes.length], ["dev", false, 3]);
    deepEqual(nodes[1], {
      ...{
        name: "dev-core02",
        role: "member",
        domain: "running",
        mac: "52:54:00:00:00:02",
        address: "10.77.0.2",
      },
      ...{
        lease: "10.77.0.99",
        member: "2",
        health: "healthy",
        leader: false,
        version: "3.5.16",
        dbSize: 20480,
      },
      ...{ dbSizeInUse: 16384, raftTerm: 7, raftIndex: 20, alarms: ["NOSPACE"] },
    });
    deepEqual(nodes[2], {
      ...{
        name: "dev-core03",
        role: "member",
        domain: "gone",
        mac: "52:54:00:00:00:03",
        address: "10.77.0.3",
      },
      ...{
        lease: null,
        member: "3",
        health: "connect EHOSTUNREACH",
        leader: false,
        version: null,
        dbSize: null,
      },
      ...{ dbSizeInUse: null, raftTerm: null, raftIndex: null, alarms: [] },
    });
  });
});
