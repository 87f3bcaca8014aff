import assert from "node:assert/strict";
import { plan, problems, publicKey, settings } from "./fixtures.ts";
import { DEFAULTS, makePlan } from "../../../plan/index.ts";
import { CONFIG_KEY_NAMES } from "../../../plan/keys.ts";
import { macOf } from "../../../plan/mac.ts";
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
    const given = {
      nodes: "5",
      prefix: "kvm-core",
      role: "member",
      memory: "1.5GiB",
      vcpus: "2",
      diskSize: "20",
      os: "flatcar",
      arch: "aarch64",
      image: "/images/lab.qcow2",
      sshAuthorizedKeys: `${publicKey(1)}\n${publicKey(2)}\n`,
      profiles: "base, metadata-remote, etcd, docker, docker-remote, ntp",
      snippets: ["./a.yaml", " ./b.yaml "],
      metadataUrl: "http://10.0.0.1/meta",
      ntpServers: "ntp1.example, 10.0.0.9",
      dockerListen: "[::1]:2376",
      etcdVersion: "v3.5.21",
      discovery: { mode: "etcd", endpoint: "http://10.0.0.1:2379/" },
      bootstrapSize: "5",
      rejoin: " 0123456789ab.ba9876543210.cdcdcdcdcdcd  kvm-core02=3 kvm-core01=12 ",
      tls: "true",
      tlsRotation: 7,
      readinessTimeout: "90",
      bridge: "virbr0",
      domainType: "qemu",
      autostart: "true",
      poolPath: "/srv/pools/",
    };
    const left = CONFIG_KEY_NAMES.filter((key) => !Object.hasOwn(given, key));
    assert.deepEqual(left, ["baseVolume", "ignition", "hosts"], "what stands in place of other keys");
    const made = plan(given);
    const text = "variant: fcos\nversion: 1.4.0\n";
    const file = (name: string) => ({ source: `./${name}`, path: `/project/${name}`, text });
    const node = (number: number) => ({
      name: `kvm-core0${number}`,
      mac: macOf(`kvm-core0${number}`),
      memory: 1536,
      vcpus: 2,
      diskSize: 20 * GIB,
      role: "member",
      profiles: ["base", "metadata-remote", "etcd", "docker", "docker-remote", "ntp"],
      snippets: [file("a.yaml"), file("b.yaml")],
    });
    assert.deepEqual(made, {
      prefix: "kvm-core",
      os: "flatcar",
      arch: "aarch64",
      image: plan().image,
      pool: { name: "kvm-core", path: "/srv/pools/kvm-core" },
      bridge: "virbr0",
      domainType: "qemu",
      autostart: true,
      nodes: [1, 2, 3, 4, 5].map(node),
      etcdVersion: "3.5.21",
      ntpServers: ["ntp1.example", "10.0.0.9"],
      dockerListen: "[::1]:2376",
      metadataUrl: "http://10.0.0.1/meta",
      discovery: { mode: "etcd", endpoint: "http://10.0.0.1:2379" },
      tls: { rotation: "7" },
      bootstrapSize: 5,
      rejoin: {
        ...{ generation: "0123456789ab", life: "ba9876543210", config: "cdcdcdcdcdcd" },
        turns: { "kvm-core01": 12, "kvm-core02": 3 },
      },
      sshAuthorizedKeys: [publicKey(1), publicKey(2)],
      readinessTimeout: 90,
      warnings: [],
      secretKeys: [],
    });
  });

  it("lets Docker's API be reached where clients need certificates", () => {
    assert.equal(plan({ tls: "true" }).dockerListen, "0.0.0.0:2376");
    assert.equal(plan({ tls: true, dockerListen: "127.0.0.1:2375" }).dockerListen, "127.0.0.1:2375");
    assert.deepEqual(plan({ tls: true }).tls, { rotation: "1" });
    assert.equal(plan({ tls: "false" }).tls, undefined);
  });

  it("takes booleans and numbers as YAML has them", () => {
    const made = plan({
      autostart: true,
      vcpus: 2,
      nodes: 1,
      readinessTimeout: 60,
      bootstrapSize: 1,
      memory: 512,
    });
    assert.equal(made.autostart, true);
    assert.equal(plan({ autostart: "false" }).autostart, false);
    assert.equal(made.nodes[0]?.vcpus, 2);
  });

  it("has the user's own config in place of profiles and snippets", () => {
    const made = plan({ ignition: "./ignition.yml" });
    assert.equal(made.ignition?.path, "/project/ignition.yml");
    assert.deepEqual(
      made.nodes.map(({ profiles, snippets }) => [...profiles, ...snippets]),
      [[], [], []],
    );
    const keys = problems({
      ignition: "./i.yml",
      profiles: "base",
      nodes: { a: { snippets: ["./a"], profiles: null } },
    });
    assert.deepEqual(
      keys.map(({ key }) => key),
      ["profiles", "nodes.a.snippets"],
    );
  });

  it("has a snippet once, however often and in whatever spelling it is named", () => {
    const files = Object.fromEntries(
      ["./a.yaml", "a.yaml", "b.yaml"].map((source) => {
        return [source, { file: { source, path: `/project/${source.replace("./", "")}`, text: "" } }];
      }),
    );
    const made = plan(
      { snippets: ["./a.yaml", "./a.yaml"], nodes: { a: { snippets: ["b.yaml", "a.yaml"] } } },
      { files },
    );
    assert.deepEqual(
      made.nodes[0]?.snippets.map(({ source }) => source),
      ["./a.yaml", "b.yaml"],
    );
  });

  it("lies over a volume that is on the host, without an image", () => {
    const made = plan({ image: undefined, baseVolume: { pool: "default", name: "flatcar.qcow2" } }, {
      image: undefined,
    } as never);
    assert.deepEqual(made.image, { kind: "volume", pool: "default", name: "flatcar.qcow2" });
    assert.equal(made.nodes[0]?.diskSize, 8 * GIB);
  });

  it("has v3 discovery with endpoints of both forms", () => {
    const etcd = { os: "flatcar", etcdVersion: "3.6.5" };
    const endpoints = ["http://a.example:2379", "https://b.example"];
    for (const given of [endpoints, "http://a.example:2379/, https://b.example"]) {
      const { discovery } = plan({ ...etcd, discovery: { mode: "v3", endpoints: given } });
      assert.deepEqual(discovery, { mode: "v3", endpoints });
    }
    const { discovery } = plan({ ...etcd, discovery: { mode: "v3", endpoints, token: "mine_1" } });
    assert.deepEqual(discovery, { mode: "v3", endpoints, token: "mine_1" });
    assert.deepEqual(plan({ discovery: { mode: "static" } }).discovery, { mode: "static" });
  });

  for (const [os, arch] of [
    ["fedora-coreos", "s390x"],
    ["fedora-coreos", "ppc64le"],
    ["flatcar", "aarch64"],
  ] as const)
    it(`can be of ${os} on ${arch}, under kvm too`, () => {
      assert.equal(plan({ os, arch, domainType: "kvm" }).arch, arch);
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

  it("does not change what it is given", () => {
    const raw = settings({ discovery: { mode: "service" } });
    const before = structuredClone(raw);
    makePlan(raw);
    assert.deepEqual(raw, before);
  });
});
