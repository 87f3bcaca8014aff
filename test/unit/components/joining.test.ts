import { deepEqual, equal, ok } from "node:assert/strict";
import type { ClusterPlan } from "../../../plan/types.ts";
import { plan, record, type Registered, renderer } from "./fixtures.ts";

/** Five members, of which three began the cluster. */
const grown: ClusterPlan = {
  ...plan,
  nodes: [
    ...plan.nodes,
    ...["dev-core04", "dev-core05"].map((name, index) => ({
      ...(plan.nodes[0] ?? ({} as never)),
      ...{ name, mac: `52:54:00:00:00:1${index}` },
    })),
  ],
};

async function make(of: ClusterPlan): Promise<Registered[]> {
  const { CoreOSCluster } = await import("../../../components/coreosCluster.ts");
  return await record(() => new CoreOSCluster("cluster", { plan: of, ignition: renderer }));
}

describe("members that join", () => {
  let resources: Registered[];
  const get = (name: string): Registered => {
    const found = resources.find((resource) => resource.name === name);
    ok(found, `no resource ${name} among ${resources.map((resource) => resource.name).join(", ")}`);
    return found;
  };

  before(async () => {
    resources = await make(grown);
  });

  it("add two Commands each, and change nothing else of those that are there", async () => {
    const before = await make(plan);
    const added = resources
      .map(({ name }) => name)
      .filter((name) => !before.some((one) => one.name === name));
    const parts = (name: string): string[] => [
      name,
      ...["-disk", "-domain", "-ignition", `-join-hash-of-${name}`, "-membership"].map(
        (part) => `${name}${part}`,
      ),
    ];
    deepEqual(added.toSorted(), [...parts("dev-core04"), ...parts("dev-core05")].toSorted());
    for (const one of before.filter(({ name }) => !/cluster-(?:host|readiness)$|^cluster$/.test(name)))
      deepEqual(get(one.name), one);
  });

  it("are told a secret discovery's servers as a secret, and to keep them out of messages", async () => {
    const endpoints = ["http://10.0.0.1:2379", "http://10.0.0.2:2379"];
    const secret = await make({ ...grown, secretKeys: ["discovery"], discovery: { mode: "v3", endpoints } });
    const told = secret.filter(({ name }) => /^dev-core0[45]-(?:join-|membership)/.test(name));
    equal(told.length, 4);
    for (const { name, inputs } of told) {
      const environment = inputs["environment"] as Record<string, unknown>;
      // Either the list alone is a secret, or all that it stands in.
      equal(typeof environment["ENDPOINTS"] === "string", false, name);
      ok(JSON.stringify(environment).includes('"SECRET":"true"'), name);
    }
  });

  it("are added before their machine, which is told the list, and depend on nobody that comes later", () => {
    const join = get("dev-core04-join-hash-of-dev-core04");
    equal(join.parent, "cluster");
    deepEqual(
      [join.inputs["create"], join.inputs["update"], join.inputs["delete"]],
      ["join", "keep", "withdraw"],
    );
    deepEqual(join.options.ignoreChanges, ["environment", "interpreter"]);
    equal(join.options.deletedWith, "cluster-host");
    deepEqual(join.inputs["environment"], {
      MEMBER: "dev-core04=52:54:00:00:00:10",
      NODES: "dev-core01=52:54:00:00:00:01 dev-core02=52:54:00:00:00:0b dev-core03=52:54:00:00:00:03",
      OTHERS: "dev-core05=52:54:00:00:00:11",
      MACHINES: plan.nodes.map(({ name }) => `${name}=${name}-domain-id`).join(" "),
      PEER_URL: "http://dev-core04:2380",
      MODE: "etcd",
      DISCOVERY_URL: "http://10.0.0.1:2379/v2/keys/discovery/70cen",
      ENDPOINTS: "",
      LIBVIRT_URI: "qemu:///system",
      TIMEOUT: "600",
    });
    for (const { name } of plan.nodes)
      ok(join.dependencies.includes(`${name}-domain`), join.dependencies.join());
    ok(get("dev-core04-ignition").dependencies.includes("dev-core04-join-hash-of-dev-core04"));
    deepEqual(JSON.parse(String(get("dev-core04-ignition").inputs["content"])), {
      ...{ name: "dev-core04", discoveryUrl: "http://10.0.0.1:2379/v2/keys/discovery/70cen" },
      initialCluster: "all-with-dev-core04",
    });
  });

  it("leave before their machine goes, and are asked nothing when all goes", () => {
    for (const name of ["dev-core04", "dev-core05"]) {
      const membership = get(`${name}-membership`);
      deepEqual(
        [membership.inputs["create"], membership.inputs["update"], membership.inputs["delete"]],
        ["start", "keep", "leave"],
      );
      equal(membership.options.deletedWith, "cluster-host");
      equal(membership.options.deleteBeforeReplace, true);
      deepEqual(membership.inputs["triggers"], [`id-of-${name}`]);
      // What is deleted first depends on what is deleted later.
      ok(membership.dependencies.includes(`${name}-domain`), membership.dependencies.join());
      const { MACHINES } = membership.inputs["environment"] as { MACHINES: string };
      ok(MACHINES.split(" ").includes(`${name}=${name}-domain-id`));
    }
  });

  it("come one at a time, and go the other way round; health is asked at the end", () => {
    ok(get("dev-core05-join-hash-of-dev-core05").dependencies.includes("dev-core04-membership"));
    ok(get("cluster-readiness").dependencies.includes("dev-core05-membership"));
    const later = resources
      .filter(({ name }) => name.startsWith("dev-core04"))
      .flatMap(({ dependencies }) => dependencies)
      .filter((name) => name.startsWith("dev-core05"));
    deepEqual(later, []);
  });

  it("sort early without becoming one of the first where they say that they join", async () => {
    const [first, ...others] = plan.nodes;
    ok(first);
    resources = await make({ ...plan, bootstrapSize: 2, nodes: [{ ...first, joins: true }, ...others] });
    deepEqual(
      resources.map(({ name }) => name).filter((name) => name.includes("-join-")),
      ["dev-core01-join-hash-of-dev-core01"],
    );
  });
});
