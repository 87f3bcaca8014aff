import assert from "node:assert/strict";
import { endpointsOf, findNode, renderNodes, viewOf } from "../../../commands/lab/clusterView.ts";

const node = (number: number) => ({
  name: `dev-core0${number}`,
  mac: `52:54:00:00:00:0${number}`,
  addresses: [`192.0.2.${number}`],
  domainId: `id-${number}`,
});
const outputs = {
  nodes: [node(1), node(2)],
  etcdEndpoints: ["http://192.0.2.1:2379", "http://192.0.2.2:2379"],
  discoveryUrl: "http://192.0.2.254:2379/v2/keys/discovery/token",
};
const members = [
  { name: "dev-core01", id: "a1" },
  { name: "dev-core02", id: "b2" },
];
const healthy = (number: number) => ({
  endpoint: `http://192.0.2.${number}:2379`,
  health: "healthy",
  members,
});

describe("the view of a cluster", () => {
  it("is healthy when every node is a healthy member", () => {
    const view = viewOf(outputs, [healthy(2), healthy(1)]);
    assert.equal(view.healthy, true);
    assert.deepEqual(
      view.nodes.map((seen) => seen.member),
      ["a1", "b2"],
    );
  });

  it("is not healthy when one member is not, and says what that one says", () => {
    const view = viewOf(outputs, [
      healthy(1),
      { endpoint: "http://192.0.2.2:2379", health: "connect ECONNREFUSED", members: [] },
    ]);
    assert.equal(view.healthy, false);
    assert.deepEqual(
      view.nodes.map((seen) => seen.health),
      ["healthy", "connect ECONNREFUSED"],
    );
  });

  it("is not healthy when a healthy etcd is no member of this cluster", () => {
    const alone = { ...healthy(1), members: [{ name: "dev-core02", id: "b2" }] };
    assert.equal(viewOf(outputs, [alone, healthy(2)]).nodes[0]?.health, "not a member");
  });

  it("is not healthy when there are no nodes", () => {
    assert.equal(viewOf({}, []).healthy, false);
  });

  it("is a table with a line for each node", () => {
    const lines = renderNodes(viewOf(outputs, [healthy(1), healthy(2)]).nodes).split("\n");
    assert.match(lines[0] ?? "", /^NODE +MAC +ADDRESS +ETCD MEMBER +HEALTH$/);
    assert.match(lines[1] ?? "", /^dev-core01 +52:54:00:00:00:01 +192\.0\.2\.1 +a1 +healthy$/);
    assert.equal(lines.length, 3);
  });
});

describe("the view of a cluster with a machine that is no member", () => {
  const client = { ...node(3), role: "client" as const };
  const mixed = { ...outputs, nodes: [...outputs.nodes, client] };
  const ssh = (health: string) => ({ endpoint: "ssh://192.0.2.3:22", health, members: [] });

  it("is healthy when its ssh server answers too", () => {
    const view = viewOf(mixed, [healthy(1), healthy(2), ssh("healthy")]);
    assert.equal(view.healthy, true);
    assert.deepEqual(view.nodes[2], {
      ...{ name: "dev-core03", mac: "52:54:00:00:00:03", domainId: "id-3", address: "192.0.2.3" },
      ...{ role: "client", member: "", health: "healthy" },
    });
  });

  it("is not healthy when it does not answer, and says what came", () => {
    const view = viewOf(mixed, [healthy(1), healthy(2), ssh("ssh: connect ECONNREFUSED")]);
    assert.equal(view.healthy, false);
    assert.equal(view.nodes[2]?.health, "ssh: connect ECONNREFUSED");
  });

  it("takes no member's answer for a client's at the same address", () => {
    const moved = { ...client, addresses: ["192.0.2.1"] };
    assert.equal(viewOf({ ...outputs, nodes: [moved] }, [healthy(1)]).nodes[0]?.health, "unknown");
  });

  it("shows roles where they differ", () => {
    const lines = renderNodes(viewOf(mixed, [healthy(1), healthy(2), ssh("healthy")]).nodes).split("\n");
    assert.match(lines[0] ?? "", /^NODE +ROLE +MAC +ADDRESS +ETCD MEMBER +HEALTH$/);
    assert.match(lines[1] ?? "", /^dev-core01 +member +52:54:00:00:00:01 +192\.0\.2\.1 +a1 +healthy$/);
    assert.match(lines[3] ?? "", /^dev-core03 +client +52:54:00:00:00:03 +192\.0\.2\.3 +- +healthy$/);
  });

  it("is healthy without any members when all machines answer", () => {
    assert.equal(viewOf({ nodes: [client], etcdEndpoints: [] }, [ssh("healthy")]).healthy, true);
  });
});

describe("a cluster with TLS", () => {
  const secured = {
    nodes: [
      { name: "a", mac: "", addresses: ["192.0.2.7"], domainId: "", role: "member" as const },
      { name: "b", mac: "", addresses: [], domainId: "", role: "member" as const },
    ],
    etcdEndpoints: ["https://a:2379", "https://b:2379"],
  };

  it("is asked at its addresses, by the names in its certificates", () => {
    assert.deepEqual(endpointsOf(secured), ["https://192.0.2.7:2379#a", "https://b:2379#b"]);
  });

  it("is seen by them", () => {
    const members = [{ name: "a", id: "1" }];
    const answer = { endpoint: "https://192.0.2.7:2379#a", health: "healthy", members };
    assert.equal(viewOf(secured, [answer]).nodes[0]?.health, "healthy");
  });
});

describe("finding a node", () => {
  it("finds it by its name", () => {
    assert.deepEqual(findNode(outputs, "dev-core02"), {
      name: "dev-core02",
      address: "192.0.2.2",
      domainId: "id-2",
    });
  });

  it("names the nodes that there are when there is none of that name", () => {
    assert.throws(
      () => findNode(outputs, "dev-core20"),
      /no node is named dev-core20 \(did you mean dev-core02\?\); there are: /,
    );
    assert.throws(
      () => findNode(outputs, "core9"),
      /no node is named core9; there are: dev-core01, dev-core02/,
    );
  });

  it("says what to type when there is no cluster yet", () => {
    assert.throws(() => findNode({}, "dev-core01"), /npm start/);
  });
});
