import { deepEqual, equal, match } from "node:assert/strict";
import type { ClusterPlan, DiscoveryPlan } from "../../../plan/types.ts";
import { plan, record, type Registered, renderer } from "./fixtures.ts";

/** What a cluster of `plan` registers under mocks, and its discovery URL. */
async function make(of: ClusterPlan): Promise<{ resources: Registered[]; url: string }> {
  let url = "";
  const { CoreOSCluster } = await import("../../../components/coreosCluster.ts");
  const resources = await record(() => {
    const cluster = new CoreOSCluster("cluster", { plan: of, ignition: renderer });
    cluster.discoveryUrl.apply((value) => (url = value));
  });
  return { resources, url };
}

const inputsOf = (resources: Registered[], name: string): Readonly<Record<string, unknown>> | undefined =>
  resources.find((resource) => resource.name === name)?.inputs;

describe("what discovery modes make", () => {
  const endpoints = ["http://10.0.0.1:2379", "http://10.0.0.2:2379"];
  const registry = endpoints.join(" ");

  const rows: [string, DiscoveryPlan, Record<string, string>, boolean][] = [
    ["v3", { mode: "v3", endpoints }, { MODE: "v3", ENDPOINTS: registry, TOKEN: "70cen", SIZE: "3" }, true],
    [
      "v3 with a given token",
      { mode: "v3", endpoints, token: "given" },
      { MODE: "v3", ENDPOINTS: registry, GIVEN_TOKEN: "given", SIZE: "3" },
      false,
    ],
  ];
  for (const [what, discovery, environment, mints] of rows)
    it(`asks as ${what} wants it`, async () => {
      const { resources } = await make({ ...plan, discovery });
      const inputs = inputsOf(resources, "cluster-discovery-generation-1");
      deepEqual(inputs?.["environment"], environment);
      equal(inputsOf(resources, "cluster-discovery-token") !== undefined, mints);
      const readiness = inputsOf(resources, "cluster-readiness")?.["environment"] as Record<string, string>;
      deepEqual([readiness["MODE"], readiness["ENDPOINTS"]], ["v3", registry]);
    });

  const clients = plan.nodes.map((node) => ({ ...node, role: "client" as const, address: "10.0.0.9" }));
  for (const [what, of] of [
    ["mode static", { ...plan, discovery: { mode: "static" } }],
    ["a plan without members", { ...plan, nodes: clients, bootstrapSize: 0 }],
  ] as const)
    it(`asks nobody for ${what}`, async () => {
      const { resources, url } = await make(of);
      equal(inputsOf(resources, "cluster-discovery-generation-1"), undefined);
      equal(inputsOf(resources, "cluster-discovery-token"), undefined);
      equal(url, "");
    });

  it("derives the token of a secret registry, and marks programs that know it", async () => {
    const { resources } = await make({
      ...{ ...plan, secretKeys: ["discovery"] },
      discovery: { mode: "v3", endpoints },
    });
    // A secret reaches the engine as a value with a signature beside it.
    const bare = (value: unknown): unknown =>
      typeof value === "object" && value !== null && "value" in value ? value.value : value;
    const environmentOf = (name: string): Record<string, unknown> =>
      bare(inputsOf(resources, name)?.["environment"]) as Record<string, unknown>;
    const asked = environmentOf("cluster-discovery-generation-1");
    match(String(bare(asked["TOKEN"])), /^[0-9a-f]{32}$/);
    equal(bare(asked["SECRET"]), "true");
    equal(bare(environmentOf("cluster-readiness")["SECRET"]), "true");
    // Either the list alone is a secret, or all that it stands in.
    const waits = inputsOf(resources, "cluster-readiness")?.["environment"] as Record<string, unknown>;
    equal(typeof waits["ENDPOINTS"] === "string", false);
  });

  it("tells the wait which machines are no members, and given addresses", async () => {
    const [first, ...others] = plan.nodes;
    const [client] = clients;
    const nodes = [...(client === undefined ? [] : [client]), ...others];
    const { resources } = await make({ ...plan, nodes, bootstrapSize: 2 });
    const readiness = inputsOf(resources, "cluster-readiness")?.["environment"] as Record<string, string>;
    equal(readiness["CLIENTS"], `${first?.name ?? ""}=${first?.mac ?? ""}=10.0.0.9`);
    equal(readiness["NODES"], others.map(({ name, mac }) => `${name}=${mac}`).join(" "));
  });
});
