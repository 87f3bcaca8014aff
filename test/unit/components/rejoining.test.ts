import { deepEqual, equal, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ClusterPlan } from "../../../plan/types.ts";
import { plan, record, type Registered, renderer } from "./fixtures.ts";

/** The discovery URL of the mocks. */
const URL = "http://10.0.0.1:2379/v2/keys/discovery/70cen";
const LIFE = createHash("sha256").update(URL).digest("hex").slice(0, 12);

const client = { ...(plan.nodes[0] ?? ({} as never)), name: "dev-worker", mac: "52:54:00:00:00:77" };
const withClient: ClusterPlan = {
  ...plan,
  nodes: [...plan.nodes, { ...client, role: "client" }],
};

const anew = (turns: Record<string, number>, life = LIFE, generation = "generation-1"): ClusterPlan => ({
  ...withClient,
  rejoin: { generation, life, turns },
});

async function make(of: ClusterPlan): Promise<Registered[]> {
  const { CoreOSCluster } = await import("../../../components/coreosCluster.ts");
  return await record(() => new CoreOSCluster("cluster", { plan: of, ignition: renderer }));
}

const names = (resources: readonly Registered[]): string[] => resources.map(({ name }) => name).toSorted();

describe("members that were made anew", () => {
  let usual: Registered[];
  let resources: Registered[];
  const get = (name: string): Registered => {
    const found = resources.find((resource) => resource.name === name);
    ok(found, `no resource ${name} among ${names(resources).join(", ")}`);
    return found;
  };

  before(async () => {
    usual = await make(withClient);
    resources = await make(anew({ "dev-core01": 2, "dev-core02": 1 }));
  });

  it("join in place of beginning; those that stay are as they were, and so is the generation", () => {
    const added = names(resources).filter((name) => !names(usual).includes(name));
    deepEqual(added, [
      ...["dev-core01-join-hash-of-dev-core01", "dev-core01-membership"],
      ...["dev-core02-join-hash-of-dev-core02", "dev-core02-membership"],
    ]);
    const same = usual.filter(({ name }) => !/^dev-core0[12]|^dev-worker|readiness$/.test(name));
    ok(same.some(({ name }) => name === "dev-core03-domain"));
    ok(same.some(({ name }) => name === "cluster-discovery-generation-1"));
    for (const one of same) deepEqual(get(one.name), one);
    deepEqual(JSON.parse(String(get("dev-core02-ignition").inputs["content"])), {
      ...{ name: "dev-core02", discoveryUrl: URL, initialCluster: "all-with-dev-core02" },
    });
  });

  it("come one at a time in the order of their turns, each after the one before has its vote", () => {
    const [first, second] = ["dev-core02", "dev-core01"];
    const environment = get(`${first}-join-hash-of-${first}`).inputs["environment"] as Record<string, string>;
    equal(environment["REPLACES"], "1");
    equal(environment["NODES"], "dev-core03=52:54:00:00:00:03");
    equal(environment["OTHERS"], "dev-core01=52:54:00:00:00:01");
    ok(get(`${second}-join-hash-of-${second}`).dependencies.includes(`${first}-membership`));
    // Nothing of a machine goes before its turn: not its disk either, which hangs on nothing else of the join.
    for (const name of [first, second])
      for (const part of ["disk", "ignition", "domain"])
        ok(get(`${name}-${part}`).dependencies.includes(`${name}-join-hash-of-${name}`), `${name}-${part}`);
    ok(get("cluster-readiness").dependencies.includes(`${second}-membership`));
    ok(get("dev-worker-disk").dependencies.includes(`${second}-membership`));
    equal((get(`${first}-membership`).inputs["environment"] as Record<string, string>)["TURN"], "1");
  });

  const elsewhere: readonly [string, ClusterPlan][] = [
    ["another life", anew({ "dev-core02": 1 }, "0".repeat(12))],
    ["another generation", anew({ "dev-core02": 1 }, LIFE, "generation-0")],
    ["nobody", anew({})],
  ];
  for (const [what, of] of elsewhere)
    it(`begin with the others where the entries are of ${what}`, async () => {
      const byName = (all: readonly Registered[]): Registered[] =>
        all.toSorted((one, other) => (one.name < other.name ? -1 : 1));
      deepEqual(byName(await make(of)), byName(usual));
    });

  it("are known by what no other cluster has, where no registry's token tells it", async () => {
    for (const discovery of [
      { mode: "static" } as const,
      { mode: "url", url: "http://10.0.0.1/x" } as const,
    ]) {
      resources = await make({ ...anew({ "dev-core02": 1 }, "70cen"), discovery });
      equal(get("cluster-life-generation-1").type, "random:index/randomId:RandomId");
      ok(get("dev-core02-membership"));
    }
  });
});
