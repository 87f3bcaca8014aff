import { deepEqual, doesNotMatch, equal, match, ok, rejects, throws } from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { VirshError, type Virsh } from "../../../host/virsh.ts";
import type { ClusterPlan, HostPlan } from "../../../plan/types.ts";
import { plan, record, type Registered, renderer } from "./fixtures.ts";

const host = (name: string, uri: string): HostPlan => ({
  ...{ name, uri, weight: 1, bridge: `br-${name}` },
  pool: { name: "dev-core", path: `/pools/${name}/dev-core` },
});
const FIRST = host("first", "qemu:///system");
const SECOND = host("second", "qemu+ssh://root@second.example/system");
const IDLE = host("idle", "qemu+ssh://root@idle.example/system");

const spread: ClusterPlan = {
  ...plan,
  hosts: [FIRST, IDLE, SECOND],
  nodes: plan.nodes.map((node, index) => ({ ...node, host: index === 1 ? "second" : "first" })),
};

/** Answers `capabilities` with a UUID of the host's own, and fails for a host whose URI holds "idle". */
const DOUBLE = `#!/bin/sh
case $* in
*idle*) echo "no route to host" >&2; exit 1 ;;
*second*capabilities*) echo "<capabilities><host><uuid>00000000-0000-0000-0000-000000000002</uuid></host></capabilities>" ;;
*capabilities*) echo "<capabilities><host><uuid>00000000-0000-0000-0000-000000000001</uuid></host></capabilities>" ;;
*) exit 1 ;;
esac
`;

describe("a cluster on several hosts", () => {
  const path = process.env["PATH"];
  let folder: string;
  let resources: Registered[];
  let outputs: { nodes?: unknown; hosts?: unknown };
  const get = (name: string): Registered => {
    const found = resources.find((resource) => resource.name === name);
    ok(found, `no resource ${name} among ${resources.map((resource) => resource.name).join(", ")}`);
    return found;
  };

  async function make(of: ClusterPlan): Promise<void> {
    const { CoreOSCluster } = await import("../../../components/coreosCluster.ts");
    outputs = {};
    resources = await record(() => {
      const cluster = new CoreOSCluster("cluster", { plan: of, ignition: renderer });
      outputs.hosts = cluster.hosts;
      (cluster.nodes as pulumi.Output<unknown>).apply((value) => (outputs.nodes = value));
    });
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "virsh-"));
    writeFileSync(join(folder, "virsh"), DOUBLE);
    chmodSync(join(folder, "virsh"), 0o755);
    process.env["PATH"] = `${folder}:${path ?? ""}`;
    await make(spread);
  });
  after(() => {
    process.env["PATH"] = path;
    rmSync(folder, { recursive: true });
  });

  it("has one authority with TLS, and certificates that hang on no host", async () => {
    const tls = { rotation: "1" };
    const isCertificate = ({ name }: Registered): boolean => /-ca$|-certificate$/.test(name);
    await make({ ...spread, tls });
    const made = resources.filter(isCertificate);
    deepEqual(
      made.map(({ name }) => name).toSorted(),
      [
        ...["cluster-ca", "cluster-client-certificate"],
        ...plan.nodes.map(({ name }) => `${name}-certificate`),
      ].toSorted(),
    );
    for (const { name, dependencies } of made)
      deepEqual(dependencies, name === "cluster-ca" ? [] : ["cluster-ca"], name);
    const inputs = new Map(made.map((one) => [one.name, one.inputs]));
    // Another host for a machine: another disk there, and the same certificate.
    await make({ ...spread, tls, nodes: spread.nodes.map((node) => ({ ...node, host: "second" })) });
    for (const one of resources.filter(isCertificate)) deepEqual(one.inputs, inputs.get(one.name), one.name);
    await make(spread);
  });

  it("makes on each host that has machines a provider, a check, a pool and a base, and one of all else", () => {
    const nodes = plan.nodes.flatMap(({ name }) => [
      name,
      `${name}-disk`,
      `${name}-domain`,
      `${name}-ignition`,
    ]);
    const grounds = ["first", "second"].flatMap((name) =>
      ["provider", "host", "pool", "base-abababababababab"].map((what) => `cluster-${what}@${name}`),
    );
    const single = ["owner", "discovery-token", "discovery-generation-1", "readiness"].map(
      (what) => `cluster-${what}`,
    );
    deepEqual(
      resources.map(({ name }) => name).toSorted(),
      ["cluster", ...nodes, ...grounds, ...single].toSorted(),
    );
  });

  it("makes everything with the provider of its host", () => {
    const { inputs, options, parent } = get("cluster-provider@second");
    deepEqual([inputs["uri"], options.ignoreChanges, parent], [SECOND.uri, ["version"], "cluster"]);
    for (const name of ["cluster-pool@second", "cluster-base-abababababababab@second", "dev-core02-disk"])
      equal(get(name).options.provider, "cluster-provider@second", name);
    for (const part of ["ignition", "disk", "domain"])
      deepEqual(
        plan.nodes.map(({ name }) => get(`${name}-${part}`).options.provider),
        ["first", "second", "first"].map((name) => `cluster-provider@${name}`),
      );
  });

  it("deletes everything with the check of its host, and clears leftovers there", () => {
    deepEqual(
      plan.nodes.map(({ name }) => get(`${name}-domain`).options.deletedWith),
      ["cluster-host@first", "cluster-host@second", "cluster-host@first"],
    );
    deepEqual(get("dev-core02-domain").options.beforeCreate, ["cluster-clear-domain@second"]);
    deepEqual(get("dev-core02-domain").options.onError, ["cluster-gone-domain@second"]);
  });

  it("looks at each host for its own machines, and at all before the first thing is made", () => {
    const environment = get("cluster-host@second").inputs["environment"] as Record<string, string>;
    deepEqual(
      [environment["LIBVIRT_URI"], environment["DOMAINS"], environment["POOL"]],
      [SECOND.uri, "dev-core02", "dev-core"],
    );
    const facts = JSON.parse(environment["FACTS"] ?? "") as { bridge: string; nodes: { name: string }[] };
    deepEqual([facts.bridge, facts.nodes.map(({ name }) => name)], ["br-second", ["dev-core02"]]);
    for (const name of ["first", "second"]) {
      const { dependencies } = get(`cluster-pool@${name}`);
      ok(dependencies.includes("cluster-host@first") && dependencies.includes("cluster-host@second"));
    }
    const { dependencies } = get("cluster-discovery-generation-1");
    ok(dependencies.includes("cluster-pool@first") && dependencies.includes("cluster-pool@second"));
  });

  it("gives machines the bridge and the pool of their host", () => {
    const { inputs } = get("dev-core02-domain");
    deepEqual(inputs["networkInterfaces"], [{ bridge: "br-second", mac: "52:54:00:00:00:0B" }]);
    const { xslt } = inputs["xml"] as { xslt: string };
    match(xslt, /\/pools\/second\/dev-core/);
    doesNotMatch(xslt, /\/pools\/first/);
    deepEqual(get("cluster-pool@second").inputs["target"], { path: "/pools/second/dev-core" });
  });

  it("tells the wait where each machine is, and the outputs which host holds what", () => {
    const environment = get("cluster-readiness").inputs["environment"] as Record<string, string>;
    equal(environment["LIBVIRT_URI"], FIRST.uri);
    deepEqual(environment["LIBVIRT_URIS"]?.split(" ").toSorted(), [
      `dev-core01=${FIRST.uri}`,
      `dev-core02=${SECOND.uri}`,
      `dev-core03=${FIRST.uri}`,
    ]);
    deepEqual(
      (outputs.nodes as { name: string; host: string }[]).map(({ name, host: at }) => `${name} ${at}`),
      ["dev-core01 first", "dev-core02 second", "dev-core03 first"],
    );
    deepEqual(outputs.hosts, [
      { host: "first", nodes: ["dev-core01", "dev-core03"], members: 2, holdsQuorum: true },
      { host: "idle", nodes: [], members: 0, holdsQuorum: false },
      { host: "second", nodes: ["dev-core02"], members: 1, holdsQuorum: false },
    ]);
  });

  it("keeps connections secret where the config does", async () => {
    await make({ ...spread, secretKeys: ["hosts"] });
    deepEqual(get("cluster-provider@second").secrets, ["uri"]);
    // It waits for what is secret here, and has nothing of it.
    const { inputs, secrets } = get("cluster-discovery-token");
    deepEqual([inputs["keepers"], secrets], [{ generation: "generation-1" }, []]);
    ok(get("cluster-host@second").secrets.includes("environment"));
  });

  it("takes no provider beside hosts", async () => {
    const { CoreOSCluster } = await import("../../../components/coreosCluster.ts");
    const { Provider } = await import("@pulumi/libvirt/bin/provider.js");
    await record(() => {
      const provider = new Provider("mine", { uri: FIRST.uri });
      throws(
        () => new CoreOSCluster("cluster", { plan: spread, ignition: renderer }, { provider }),
        /both hosts and a libvirt\.Provider/,
      );
    });
  });
});

describe("asking several hosts before anything is made", () => {
  const answering =
    (answers: Readonly<Record<string, string>>) =>
    (uri: string): Virsh =>
    () =>
      answers[uri] === undefined
        ? Promise.reject(new VirshError(`virsh --connect ${uri} capabilities: no route to host`))
        : Promise.resolve(`<capabilities>\n<host>\n<uuid>${answers[uri]}</uuid></host></capabilities>`);
  const requireHosts = async (
    hosts: HostPlan[],
    answers: Readonly<Record<string, string>>,
    leaving: { host: string | undefined; uri: string }[] = [],
  ): Promise<void> => {
    const answer = await import("../../../components/answering.ts");
    await answer.requireHosts(hosts, leaving, answering(answers));
  };

  it("is content with hosts that answer and are several", async () => {
    await requireHosts([FIRST, SECOND], { [FIRST.uri]: "1", [SECOND.uri]: "2" });
  });

  it("names those that do not answer, with their own words", async () => {
    await rejects(requireHosts([FIRST, SECOND, IDLE], { [FIRST.uri]: "1" }), (error: Error) => {
      match(error.message, /^2 of the 3 libvirt hosts .* do not answer; nothing was changed/);
      match(
        error.message,
        /second \(qemu\+ssh:\/\/root@second\.example\/system\): virsh .*: no route to host/,
      );
      match(error.message, /idle \(/);
      return true;
    });
  });

  it("finds two ways to one host", async () => {
    await rejects(
      requireHosts([FIRST, SECOND], { [FIRST.uri]: "same", [SECOND.uri]: "same" }),
      /first \(.*\) and second \(.*\) are one and the same: both have the UUID same.*host_uuid/s,
    );
  });

  const asKnown = ({ name, uri }: HostPlan): { host: string; uri: string } => ({ host: name, uri });

  it("names those that lose their last machine and do not answer, with the way on", async () => {
    await rejects(
      requireHosts([FIRST], { [FIRST.uri]: "1" }, [asKnown(SECOND)]),
      /last machines taken off 1 libvirt host, which does not answer; nothing was changed.*\n {2}second \(\S+\): virsh .*: no route to host\nBring.*hosts\.md/,
    );
    // Together with those that have machines.
    await rejects(requireHosts([FIRST, IDLE], { [FIRST.uri]: "1" }, [asKnown(SECOND)]), (error: Error) => {
      match(
        error.message,
        /^1 of the 2 libvirt hosts .*\n {2}idle \(.*\n\n.*last machines.*\n {2}second \(/s,
      );
      return true;
    });
    await requireHosts([FIRST], { [FIRST.uri]: "1", [SECOND.uri]: "2" }, [asKnown(SECOND)]);
  });

  it("finds a host that comes under another name, whose things the old one would take with it", async () => {
    const answers = { [FIRST.uri]: "1", [SECOND.uri]: "2" };
    await rejects(
      requireHosts([FIRST, SECOND], answers, [{ host: "before", uri: SECOND.uri }]),
      /second \(\S+\) is one that this cluster is on already, as before \(.*Give it the name before .* pulumi destroy first/,
    );
    await rejects(
      requireHosts([FIRST, SECOND], answers, [{ host: undefined, uri: FIRST.uri }]),
      /first \(\S+\) is one that this cluster is on already, as qemu:\/\/\/system: .*the same things\. To go on/,
    );
  });

  it("reads from the state which hosts those are, for each cluster of a stack by itself", async () => {
    const { knownHosts } = await import("../../../components/leaving.ts");
    const check = (uri: unknown): object => ({
      type: "command:local:Command",
      outputs: { environment: { LIBVIRT_URI: uri } },
    });
    const urn = (name: string): string => `urn:pulumi:dev::x::a$command:local:Command::${name}`;
    const resources = {
      [urn("cluster-host@first")]: check(FIRST.uri),
      [urn("cluster-host")]: check("qemu:///session"),
      [urn("cluster-host@half")]: check(undefined),
      [urn("other-host@first")]: check("qemu:///other"),
      [urn("cluster-readiness")]: check(FIRST.uri),
      "urn:pulumi:dev::x::pulumi:providers:libvirt::cluster-host@third": {
        ...check(SECOND.uri),
        type: "pulumi:providers:libvirt",
      },
    };
    deepEqual(knownHosts("cluster", resources), [
      { host: "first", uri: FIRST.uri },
      { host: undefined, uri: "qemu:///session" },
    ]);
    deepEqual(knownHosts("cluster", {}), []);
    deepEqual(knownHosts("cluster", undefined), []);
  });
});
