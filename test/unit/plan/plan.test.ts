import assert from "node:assert/strict";
import { plan, publicKey, settings } from "./fixtures.ts";
import { DEFAULTS, makePlan } from "../../../plan/index.ts";
import { GIB, MIB } from "../../../plan/sizes.ts";

describe("the plan", () => {
  it("fills in every default", () => {
    const usual = { role: "member", profiles: ["base", "metadata-local", "etcd"], snippets: [] };
    assert.deepEqual(plan(), {
      prefix: "dev-core",
      os: "lab",
      arch: "x86_64",
      image: {
        kind: "file",
        path: "/images/lab.qcow2",
        sha256: "ab".repeat(32),
        format: "qcow2",
        virtualSize: 967 * MIB,
      },
      pool: { name: "dev-core", path: "/var/lib/libvirt/coreos-cluster/dev-core" },
      bridge: "br0",
      domainType: "kvm",
      autostart: false,
      nodes: [
        { name: "dev-core01", mac: "52:54:00:03:58:d3", memory: 512, vcpus: 1, diskSize: 8 * GIB, ...usual },
        { name: "dev-core02", mac: "52:54:00:8c:2a:e0", memory: 512, vcpus: 1, diskSize: 8 * GIB, ...usual },
        { name: "dev-core03", mac: plan().nodes[2]?.mac, memory: 512, vcpus: 1, diskSize: 8 * GIB, ...usual },
      ],
      discovery: { mode: "service", endpoint: "https://discovery.etcd.io" },
      bootstrapSize: 3,
      ntpServers: [],
      dockerListen: "127.0.0.1:2375",
      sshAuthorizedKeys: [publicKey()],
      readinessTimeout: 600,
      warnings: [],
      secretKeys: [],
    });
  });

  it("takes every setting over, numbers as text as Pulumi hands them over", () => {
    const made = plan({
      nodes: "5",
      prefix: "kvm-core",
      memory: "1.5GiB",
      vcpus: "2",
      diskSize: "20",
      bridge: "virbr0",
      domainType: "qemu",
      os: "flatcar",
      sshAuthorizedKeys: `${publicKey(1)}\n${publicKey(2)}\n`,
      discovery: { mode: "etcd", endpoint: "http://10.0.0.1:2379/" },
      readinessTimeout: "90",
      poolPath: "/srv/pools/",
    });
    assert.deepEqual(
      made.nodes.map(({ name }) => name),
      ["kvm-core01", "kvm-core02", "kvm-core03", "kvm-core04", "kvm-core05"],
    );
    assert.deepEqual(made.nodes[0], {
      name: "kvm-core01",
      mac: "52:54:00:86:6a:e4",
      memory: 1536,
      vcpus: 2,
      diskSize: 20 * GIB,
      role: "member",
      profiles: ["base", "metadata-local", "etcd"],
      snippets: [],
    });
    assert.deepEqual(made.pool, { name: "kvm-core", path: "/srv/pools/kvm-core" });
    assert.equal(made.bridge, "virbr0");
    assert.equal(made.domainType, "qemu");
    assert.equal(made.os, "flatcar");
    assert.deepEqual(made.sshAuthorizedKeys, [publicKey(1), publicKey(2)]);
    assert.deepEqual(made.discovery, { mode: "etcd", endpoint: "http://10.0.0.1:2379" });
    assert.equal(made.readinessTimeout, 90);
    assert.equal(made.bootstrapSize, 5);
  });

  it("gives emulated clusters more time", () => {
    assert.equal(plan({ domainType: "qemu" }).readinessTimeout, DEFAULTS.readinessTimeout.qemu);
  });

  it("gives Flatcar more memory than the lab's image, and takes flatcar where os is not set", () => {
    const made = plan({ os: undefined });
    assert.equal(made.os, "flatcar");
    assert.equal(made.nodes[0]?.memory, 2048);
  });

  it("makes disks at least as large as the image, in whole MiB", () => {
    const image = {
      kind: "file",
      path: "/i",
      sha256: "00",
      format: "raw",
      virtualSize: 20 * GIB + 512,
    } as const;
    assert.equal(plan({}, { image: { image } }).nodes[0]?.diskSize, 20 * GIB + MIB);
  });

  it("keeps a discovery URL and a service's endpoint as they are meant", () => {
    assert.deepEqual(plan({ discovery: { mode: "url", url: "https://d.example/abc" } }).discovery, {
      mode: "url",
      url: "https://d.example/abc",
    });
    assert.deepEqual(plan({ discovery: { mode: "service" } }).discovery, {
      mode: "service",
      endpoint: DEFAULTS.discoveryEndpoint,
    });
  });

  it("does not give one stack's names, MACs or pool to another", () => {
    const one = makePlan(settings());
    const other = makePlan(settings({}, { stack: "bob" }));
    const all = (made: typeof one): string[] => [
      made.pool.name,
      made.pool.path,
      ...made.nodes.flatMap(({ name, mac }) => [name, mac]),
    ];
    assert.deepEqual(
      all(one).filter((text) => all(other).includes(text)),
      [],
    );
  });

  for (const nodes of [2, 4, 98]) {
    it(`warns of ${nodes} nodes, saying why`, () => {
      const [warning, ...others] = plan({ nodes }).warnings;
      assert.deepEqual(others, []);
      assert.match(
        warning ?? "",
        new RegExp(
          `The cluster has ${nodes} members, an even number: .* loss of ${nodes / 2 - 1} of its members`,
        ),
      );
    });
  }

  for (const nodes of [1, 3, 99]) {
    it(`warns of nothing with ${nodes} nodes`, () => {
      assert.deepEqual(plan({ nodes }).warnings, []);
      assert.equal(plan({ nodes }).nodes.length, nodes);
    });
  }

  it("warns of a cluster that nobody can log in to", () => {
    assert.match(plan({ sshAuthorizedKeys: [] }).warnings.join(), /sshAuthorizedKeys is empty/);
  });

  it("does not change what it is given", () => {
    const raw = settings({ discovery: { mode: "service" } });
    const before = structuredClone(raw);
    makePlan(raw);
    assert.deepEqual(raw, before);
  });
});
