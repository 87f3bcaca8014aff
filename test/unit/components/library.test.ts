import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { Architecture, ClusterPlan } from "../../../plan/types.ts";
import { plan, record, type Registered, renderer } from "./fixtures.ts";

const { CoreOSCluster } = await import("../../../components/coreosCluster.ts");
const { Provider } = await import("@pulumi/libvirt/bin/provider.js");

const make = (
  of: Partial<ClusterPlan>,
  opts: () => pulumi.ComponentResourceOptions = () => ({}),
  args: { waitUntilHealthy?: boolean } = {},
): Promise<Registered[]> =>
  record(
    () => new CoreOSCluster("cluster", { plan: { ...plan, ...of }, ignition: renderer, ...args }, opts()),
  );

const get = (resources: readonly Registered[], name: string): Registered => {
  const found = resources.find((resource) => resource.name === name);
  ok(found, `no ${name} among ${resources.map((resource) => resource.name).join(", ")}`);
  return found;
};

/** What a component or resource said its outputs are, by waiting for it under mocks. */
const valueOf = <T>(output: pulumi.Output<T>): Promise<{ value: T; secret: boolean }> =>
  new Promise((resolve) => {
    output.apply((value) => {
      void pulumi.isSecret(output).then((secret) => {
        resolve({ value, secret });
      });
    });
  });

describe("a cluster's machines", () => {
  const VIA_DISK: readonly Architecture[] = ["s390x", "ppc64le"];

  for (const arch of ["x86_64", "i686", "aarch64", "s390x", "ppc64le"] as const)
    it(`get Ignition's config as ${arch} reads it`, async () => {
      const { inputs } = get(await make({ arch, os: "fedora-coreos" }), "dev-core01-domain");
      const own = { volumeId: "/pool/dev-core01-hash-of-dev-core01.qcow2" };
      equal(inputs["arch"], arch);
      if (VIA_DISK.includes(arch)) {
        deepEqual(inputs["disks"], [own, { volumeId: "dev-core01-ignition-id" }]);
        equal(inputs["coreosIgnition"], undefined);
      } else {
        deepEqual(inputs["disks"], [own]);
        deepEqual(
          [inputs["coreosIgnition"], inputs["fwCfgName"]],
          ["dev-core01-ignition-id", "opt/com.coreos/config"],
        );
      }
    });

  it("get memory in the steps of their architecture", async () => {
    equal(get(await make({ arch: "ppc64le" }), "dev-core01-domain").inputs["memory"], 512);
    const nodes = plan.nodes.map((node) => ({ ...node, memory: 513 }));
    equal(get(await make({ arch: "ppc64le", nodes }), "dev-core01-domain").inputs["memory"], 768);
    equal(get(await make({ nodes }), "dev-core01-domain").inputs["memory"], 513);
  });

  it("start with their host where the plan says so", async () => {
    equal(get(await make({}), "dev-core01-domain").inputs["autostart"], false);
    equal(get(await make({ autostart: true }), "dev-core01-domain").inputs["autostart"], true);
  });

  it("lie over a volume that is on the host, which is only looked at", async () => {
    const resources = await make({ image: { kind: "volume", pool: "images", name: "flatcar.qcow2" } });
    ok(!resources.some(({ name }) => name.startsWith("cluster-base-ab")));
    const check = get(resources, "cluster-base-volume");
    deepEqual(
      [check.inputs["create"], check.inputs["update"], check.inputs["delete"], check.inputs["triggers"]],
      ["check-volume", "check-volume", undefined, ["images", "flatcar.qcow2"]],
    );
    const disk = get(resources, "dev-core02-disk");
    deepEqual([disk.inputs["baseVolumePool"], disk.inputs["baseVolumeName"]], ["images", "flatcar.qcow2"]);
    equal(disk.inputs["baseVolumeId"], undefined);
    ok(disk.dependencies.includes("cluster-base-volume"));
  });
});

describe("a cluster in another program", () => {
  it("reaches all its children with a transformation", async () => {
    const seen: string[] = [];
    await make({}, () => ({
      transformations: [
        ({ name, props, opts }) => {
          seen.push(name);
          return name === "dev-core01-domain"
            ? { props: { ...(props as object), memory: 4096 }, opts }
            : undefined;
        },
      ],
    }));
    const resources = await make({}, () => ({
      transformations: [
        ({ type, props, opts }) =>
          type === "libvirt:index/domain:Domain"
            ? { props: { ...(props as object), description: "theirs" }, opts }
            : undefined,
      ],
    }));
    for (const name of ["cluster-pool", "cluster-host", "dev-core03", "dev-core03-disk", "cluster-readiness"])
      ok(seen.includes(name), `${name} is not among ${seen.join(", ")}`);
    for (const { name } of plan.nodes)
      equal(get(resources, `${name}-domain`).inputs["description"], "theirs");
  });

  it("asks the host of the provider that it is given", async () => {
    const resources = await make({}, () => ({
      provider: new Provider("elsewhere", { uri: "qemu+ssh://root@elsewhere/system" }),
    }));
    for (const name of ["cluster-host", "cluster-readiness"])
      equal(
        (get(resources, name).inputs["environment"] as Record<string, string>)["LIBVIRT_URI"],
        "qemu+ssh://root@elsewhere/system",
      );
  });

  it("does not wait where it is told not to, and knows what the plan knows", async () => {
    let cluster: InstanceType<typeof CoreOSCluster> | undefined;
    const [first, second, third] = plan.nodes;
    ok(first && second && third);
    const nodes = [{ ...first, address: "10.0.0.7" }, second, { ...third, role: "client" as const }];
    const found: Record<string, unknown> = {};
    const resources = await record(() => {
      cluster = new CoreOSCluster("cluster", {
        plan: { ...plan, nodes },
        ignition: renderer,
        waitUntilHealthy: false,
      });
      for (const name of ["etcdEndpoints", "sshCommands", "nodes"] as const)
        (cluster[name] as pulumi.Output<unknown>).apply((value) => (found[name] = value));
    });
    ok(!resources.some(({ name }) => name === "cluster-readiness"));
    deepEqual(found["etcdEndpoints"], ["http://10.0.0.7:2379", "http://dev-core02:2379"]);
    deepEqual(found["sshCommands"], {
      "dev-core01": "ssh core@10.0.0.7",
      "dev-core02": "ssh core@dev-core02",
      "dev-core03": "ssh core@dev-core03",
    });
    deepEqual(
      (found["nodes"] as { role: string; addresses: string[] }[]).map(({ role, addresses }) => [
        role,
        addresses,
      ]),
      [
        ["member", ["10.0.0.7"]],
        ["member", []],
        ["client", []],
      ],
    );
  });

  it("keeps what is made of secrets secret", async () => {
    let answers: readonly Promise<{ value: unknown; secret: boolean }>[] = [];
    const resources = await record(() => {
      const cluster = new CoreOSCluster("cluster", {
        plan: {
          ...{ ...plan, secretKeys: ["discovery"] },
          discovery: { mode: "url", url: "http://r.example/v2/keys/hush" },
        },
        ignition: renderer,
      });
      answers = [valueOf(cluster.discoveryUrl), valueOf(cluster.nodes)];
    });
    const [url, nodes] = await Promise.all(answers);
    equal(url?.secret, true);
    equal(nodes?.secret, false);
    deepEqual(
      ["cluster-discovery-generation-1", "dev-core01-ignition", "cluster-readiness", "cluster-host"].map(
        (name) => get(resources, name).secrets,
      ),
      [["environment"], ["content"], ["environment"], []],
    );
  });

  it("says which two clusters would share a name, instead of the engine's duplicate URN", async () => {
    await record(() => {
      new CoreOSCluster("cluster", { plan, ignition: renderer });
      throws(
        () => new CoreOSCluster("other", { plan, ignition: renderer }),
        (error: Error) => {
          ok(pulumi.RunError.isInstance(error));
          match(
            error.message,
            /The clusters "cluster" and "other" .* share the node dev-core01\. Give each a prefix/,
          );
          return true;
        },
      );
    });
  });
});
