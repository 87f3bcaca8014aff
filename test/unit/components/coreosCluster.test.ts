import { deepEqual, equal, match, ok } from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import type { ClusterPlan } from "../../../plan/types.ts";
import { OWNER, plan, record, type Registered, renderer } from "./fixtures.ts";

interface Outputs {
  nodes: unknown;
  etcdEndpoints: unknown;
  discoveryUrl: unknown;
  sshCommands: unknown;
}

/** Makes a cluster of `plan` under mocks. */
async function make(of: ClusterPlan): Promise<{ resources: Registered[]; outputs: Outputs }> {
  const outputs = {} as Outputs;
  const { CoreOSCluster } = await import("../../../components/coreosCluster.ts");
  const resources = await record(() => {
    const cluster = new CoreOSCluster("cluster", { plan: of, ignition: renderer });
    for (const name of ["nodes", "etcdEndpoints", "discoveryUrl", "sshCommands"] as const)
      (cluster[name] as pulumi.Output<unknown>).apply((value) => (outputs[name] = value));
  });
  return { resources, outputs };
}

describe("CoreOSCluster", () => {
  let resources: Registered[];
  let outputs: Outputs;
  const get = (name: string): Registered => {
    const found = resources.find((resource) => resource.name === name);
    ok(found, `no resource ${name} among ${resources.map((resource) => resource.name).join(", ")}`);
    return found;
  };

  before(async () => {
    ({ resources, outputs } = await make(plan));
  });

  it("makes these resources, under these parents", () => {
    const tree = resources.map(({ parent, name, type }) => `${parent} > ${name} (${type})`);
    const nodes = plan.nodes.flatMap(({ name }) => [
      `cluster > ${name} (coreos-cluster:index:Node)`,
      `${name} > ${name}-disk (libvirt:index/volume:Volume)`,
      `${name} > ${name}-domain (libvirt:index/domain:Domain)`,
      `${name} > ${name}-ignition (libvirt:index/ignition:Ignition)`,
    ]);
    deepEqual(
      tree.toSorted(),
      [
        " > cluster (coreos-cluster:index:CoreOSCluster)", // under the stack itself
        "cluster > cluster-owner (random:index/randomId:RandomId)",
        "cluster > cluster-host (command:local:Command)",
        "cluster > cluster-pool (libvirt:index/pool:Pool)",
        "cluster > cluster-base-abababababababab (libvirt:index/volume:Volume)",
        "cluster > cluster-discovery-token (random:index/randomId:RandomId)",
        "cluster > cluster-discovery-generation-1 (command:local:Command)",
        "cluster > cluster-readiness (command:local:Command)",
        ...nodes,
      ].toSorted(),
    );
  });

  it("gives the stack's outputs", () => {
    deepEqual(outputs, {
      nodes: plan.nodes.map(({ name, mac }, index) => ({
        ...{ name, mac, role: "member", domainId: `${name}-domain-id` },
        addresses: [`10.0.0.1${index}`],
      })),
      etcdEndpoints: ["http://10.0.0.10:2379", "http://10.0.0.11:2379", "http://10.0.0.12:2379"],
      discoveryUrl: "http://10.0.0.1:2379/v2/keys/discovery/70cen",
      sshCommands: {
        "dev-core01": "ssh core@10.0.0.10",
        "dev-core02": "ssh core@10.0.0.11",
        "dev-core03": "ssh core@10.0.0.12",
      },
    });
  });

  it("checks the host before anything is made there, and sweeps it when all is deleted", () => {
    const { inputs, options } = get("cluster-host");
    deepEqual([inputs["create"], inputs["update"], inputs["delete"]], ["check", "keep", "sweep"]);
    const { FACTS, ...environment } = inputs["environment"] as Record<string, string>;
    deepEqual(JSON.parse(FACTS ?? ""), {
      ...{ os: "lab", arch: "x86_64", domainType: "qemu", bridge: "br0" },
      pool: { name: "dev-core", path: "/var/lib/libvirt/coreos-cluster/dev-core" },
      nodes: plan.nodes.map(({ name }) => ({
        ...{ name, memory: 512 * 2 ** 20, diskSize: 4 * 2 ** 30, reserved: false },
      })),
      image: "/images/lab.qcow2",
    });
    deepEqual(options.ignoreChanges, ["environment.FACTS"]);
    deepEqual(environment, {
      LIBVIRT_URI: "qemu:///system",
      OWNER,
      POOL: "dev-core",
      ARCH: "x86_64",
      DOMAIN_TYPE: "qemu",
      DOMAINS: "dev-core01 dev-core02 dev-core03",
    });
    ok(get("cluster-pool").dependencies.includes("cluster-host"));
  });

  it("closes the pool's folder to all but QEMU's user and marks the pool with the owner's UUID", () => {
    const { inputs, options } = get("cluster-pool");
    equal(inputs["type"], "dir");
    deepEqual(inputs["target"], { path: "/var/lib/libvirt/coreos-cluster/dev-core" });
    const { xslt } = inputs["xml"] as { xslt: string };
    match(xslt, /<uuid>01234567-89ab-cdef-0123-456789abcdef<\/uuid>/);
    match(xslt, /<mode>0700<\/mode>\s*<owner>64055<\/owner>\s*<group>106<\/group>/);
    equal(options.deleteBeforeReplace, true);
    equal(options.deletedWith, "cluster-host");
    deepEqual(options.beforeCreate, ["cluster-clear-pool"]);
    deepEqual([options.afterCreate, options.onError], [["cluster-made"], ["cluster-failed"]]);
  });

  it("names the base volume by the image's content and leaves the path out of it", () => {
    const { inputs, options } = get("cluster-base-abababababababab");
    equal(inputs["name"], "base-abababababababab.qcow2");
    equal(inputs["source"], "/images/lab.qcow2");
    deepEqual(options.ignoreChanges, ["source"]);
    deepEqual(options.beforeCreate, ["cluster-clear-volume"]);
    deepEqual([options.afterCreate, options.onError], [["cluster-made"], ["cluster-failed"]]);
  });

  it("mints token and discovery URL once per generation, and asks for nothing before the pool is there", () => {
    deepEqual(get("cluster-discovery-token").inputs["keepers"], { generation: "generation-1" });
    const { inputs, dependencies, options } = get("cluster-discovery-generation-1");
    deepEqual(options.ignoreChanges, ["environment", "interpreter"]);
    deepEqual(
      [inputs["create"], inputs["update"], inputs["delete"], inputs["interpreter"]],
      ["obtain", "keep", "release", ["node", "commands/discovery.ts"]],
    );
    deepEqual(inputs["environment"], {
      MODE: "etcd",
      ENDPOINT: "http://10.0.0.1:2379",
      TOKEN: "70cen",
      SIZE: "3",
    });
    ok(dependencies.includes("cluster-pool"), dependencies.join());
  });

  it("gives each node an Ignition file, a disk and a machine that are replaced together, old ones first", () => {
    for (const { name } of plan.nodes) {
      const [ignition, disk, domain] = ["ignition", "disk", "domain"].map((part) => get(`${name}-${part}`));
      ok(ignition && disk && domain);
      equal(ignition.inputs["name"], `${name}-hash-of-${name}.ign`);
      equal(disk.inputs["name"], `${name}-hash-of-${name}.qcow2`);
      deepEqual(JSON.parse(String(ignition.inputs["content"])), { name, discoveryUrl: outputs.discoveryUrl });
      equal(disk.inputs["baseVolumeId"], "/pool/base-abababababababab.qcow2");
      equal(disk.inputs["size"], 4 * 2 ** 30);
      equal(domain.inputs["coreosIgnition"], `${name}-ignition-id`);
      deepEqual(domain.inputs["disks"], [{ volumeId: `/pool/${name}-hash-of-${name}.qcow2` }]);
      for (const part of [ignition, disk, domain]) {
        equal(part.options.deleteBeforeReplace, true);
        equal(part.options.deletedWith, "cluster-host");
      }
      deepEqual(
        [ignition, disk, domain].map((part) => part.options.beforeCreate),
        [["cluster-clear-volume"], ["cluster-room", "cluster-clear-volume"], ["cluster-clear-domain"]],
      );
      // What the hook looks at is there.
      ok(disk.dependencies.includes("cluster-discovery-generation-1"), disk.dependencies.join());
      deepEqual(
        [ignition, disk, domain].map((part) => part.options.afterCreate),
        [["cluster-made"], ["cluster-made"], ["cluster-made"]],
      );
      deepEqual(
        [ignition, disk, domain].map((part) => part.options.onError),
        [["cluster-failed"], ["cluster-failed"], ["cluster-gone-domain"]],
      );
    }
  });

  it("plugs each machine into the bridge with its own MAC and waits for no lease", () => {
    const { inputs } = get("dev-core02-domain");
    deepEqual(inputs["networkInterfaces"], [{ bridge: "br0", mac: "52:54:00:00:00:0B" }]);
    deepEqual(
      [inputs["name"], inputs["type"], inputs["memory"], inputs["vcpu"], inputs["fwCfgName"], inputs["cpu"]],
      ["dev-core02", "qemu", 512, 1, "opt/com.coreos/config", undefined],
    );
    match((inputs["xml"] as { xslt: string }).xslt, new RegExp(`<cluster:owner>${OWNER}</cluster:owner>`));
  });

  it("lets the nodes boot side by side", () => {
    const [first, ...others] = plan.nodes.map(({ name }) => name);
    for (const other of others)
      for (const part of ["ignition", "disk", "domain"])
        deepEqual(
          get(`${other}-${part}`).dependencies.filter((name) => name.startsWith(first ?? "")),
          [],
        );
  });

  it("waits for health whenever a machine is another one, and for nothing else", () => {
    const { inputs } = get("cluster-readiness");
    equal(inputs["triggers"], undefined);
    deepEqual([inputs["create"], inputs["update"], inputs["delete"]], ["wait", "renew", undefined]);
    deepEqual(inputs["environment"], {
      NODES: "dev-core01=52:54:00:00:00:01 dev-core02=52:54:00:00:00:0b dev-core03=52:54:00:00:00:03",
      CLIENTS: "",
      MACHINES: plan.nodes.map(({ name }) => `${name}=${name}-domain-id`).join(" "),
      MODE: "etcd",
      DISCOVERY_URL: outputs.discoveryUrl,
      ENDPOINTS: "",
      LIBVIRT_URI: "qemu:///system",
      TIMEOUT: "600",
    });
  });

  it("gives KVM guests the host's CPU", async () => {
    ({ resources } = await make({ ...plan, domainType: "kvm" }));
    deepEqual(get("dev-core01-domain").inputs["cpu"], { mode: "host-passthrough" });
  });

  it("asks a discovery service, or takes a given URL, without a token", async () => {
    ({ resources } = await make({
      ...plan,
      discovery: { mode: "service", endpoint: "https://discovery.example" },
    }));
    equal(
      resources.some(({ name }) => name === "cluster-discovery-token"),
      false,
    );
    deepEqual(get("cluster-discovery-generation-1").inputs["environment"], {
      ...{ MODE: "service", ENDPOINT: "https://discovery.example", SIZE: "3" },
    });
    ({ resources } = await make({ ...plan, discovery: { mode: "url", url: "http://r.example/v2/keys/x" } }));
    deepEqual(get("cluster-discovery-generation-1").inputs["environment"], {
      ...{ MODE: "url", URL: "http://r.example/v2/keys/x", SIZE: "3" },
    });
  });
});
