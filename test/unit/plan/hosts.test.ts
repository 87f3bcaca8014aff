import assert from "node:assert/strict";
import fc from "fast-check";
import { connectionFault, hostNameOf, isHostName, proposeHostName } from "../../../plan/connections.ts";
import { plan, problems, settings } from "./fixtures.ts";
import { afterCommands } from "./pulumiConfig.ts";

const SECOND = "qemu+ssh://root@second.example/system";
const hosts = [
  { uri: "qemu:///system", name: "first", weight: 2 },
  { uri: SECOND, bridge: "lab0" },
];

const where = (changes: Readonly<Record<string, unknown>>): string[] =>
  plan({ hosts, ...changes }).nodes.map(({ name, host }) => `${name} ${host ?? "?"}`);

describe("plans of several hosts", () => {
  it("have no trace of them where the config names none", () => {
    const made = plan();
    assert.equal("hosts" in made, false);
    assert.ok(made.nodes.every((node) => !("host" in node)));
  });

  it("have the hosts by name, with all defaults", () => {
    assert.deepEqual(plan({ hosts, poolPath: "/pools" }).hosts, [
      {
        ...{ name: "first", uri: "qemu:///system", bridge: "br0", weight: 2 },
        pool: { name: "dev-core", path: "/pools/dev-core" },
      },
      {
        ...{ name: "second-example", uri: SECOND, bridge: "lab0", weight: 1 },
        pool: { name: "dev-core", path: "/pools/dev-core" },
      },
    ]);
    assert.deepEqual(plan({ hosts: hosts.toReversed() }), plan({ hosts }));
  });

  it("take a list as text, and URIs alone", () => {
    const uris = ["qemu:///system", SECOND];
    const made = plan({ hosts: JSON.stringify(uris) }).hosts;
    assert.deepEqual(
      made?.map(({ name, uri, weight }) => [name, uri, weight]),
      [
        ["local", "qemu:///system", 1],
        ["second-example", SECOND, 1],
      ],
    );
  });

  it("put nodes where names and weights say, and where the config does", () => {
    assert.deepEqual(where({}), ["dev-core01 first", "dev-core02 second-example", "dev-core03 first"]);
    assert.deepEqual(where({ nodes: 5 }).slice(0, 3), where({}));
    assert.deepEqual(
      where({ nodes: { a: {}, b: { host: "second-example" }, c: { host: "second-example" }, d: {} } }),
      ["a first", "b second-example", "c second-example", "d first"],
    );
  });

  it("move no member when machines without etcd come, and none of those when members do", () => {
    const members = { m1: {}, m2: {}, m3: {} };
    const clients = { a1: { role: "client" }, n1: { role: "client" } };
    const both = where({ nodes: { ...members, ...clients } });
    for (const alone of [members, clients])
      for (const one of where({ nodes: alone })) assert.ok(both.includes(one), one);
  });

  it("warn where one host holds the quorum and none would have to", () => {
    const three = [...hosts, { uri: "qemu+tls://third/system" }];
    const [warning, ...others] = plan({ hosts: three.map((host) => ({ ...host, weight: 1 })) }).warnings;
    assert.deepEqual([warning, others], [undefined, []]);
    const pinned = { a: { host: "third" }, b: { host: "third" }, c: {} };
    assert.match(
      plan({ hosts: three, nodes: pinned }).warnings.join(),
      /The host third has 2 of the 3 members: without it, etcd has no quorum/,
    );
    assert.deepEqual(plan({ hosts }).warnings, []);
  });

  it("are told with everything else that is wrong, and with commands that go together", () => {
    const good = { uri: "qemu+ssh://root@good/system", name: "good" };
    const set = {
      hosts: [
        "xen:///a",
        good,
        "qemu+ssh://root:secret@b/system",
        { uri: "qemu+ssh://c/system?sshauth=foo" },
      ],
      memory: 1,
    };
    const found = problems(set);
    assert.deepEqual(found.map(({ key }) => key).sort(), ["hosts[0]", "hosts[2]", "hosts[3].uri", "memory"]);
    assert.doesNotMatch(JSON.stringify(found), /secret/);
    const mended = found.reduce((config, { remedy }) => afterCommands(config, remedy), settings(set).values);
    assert.deepEqual(problems(mended, {}, {}), []);
    assert.deepEqual(mended["hosts"], [
      "qemu+ssh://root@second.example/system",
      good,
      "qemu+ssh://root@host-2.example/system",
      { uri: "qemu+ssh://root@host-3.example/system" },
    ]);
  });

  it("say of a secret what is wrong, and not what it is", () => {
    const uri = "qemu+ssh://hidden.example:2222/session?keyfile=hidden&known_hosts=/hidden&sshauth=hidden";
    const [found, ...others] = problems({ hosts: [uri] }, { secretKeys: ["hosts"] });
    assert.deepEqual(others, []);
    assert.doesNotMatch(JSON.stringify(found), /hidden|2222/);
    assert.equal(found?.key, "hosts[0]");
    for (const word of [/no user/, /keyfile/, /write knownhosts=/, /sshauth/, /session/])
      assert.match(found.expected, word);
    const port = problems({ hosts: ["qemu+ssh://root@h:98765/system"] }, { secretKeys: ["hosts"] });
    assert.match(port[0]?.expected ?? "", /it has a port \(a number from 1 to 65535\)/);
  });

  it("repeat no secret", () => {
    const said = JSON.stringify(
      problems({ hosts: [{ uri: "qemu+ssh://hidden" }] }, { secretKeys: ["hosts"] }),
    );
    assert.doesNotMatch(said, /hidden/);
  });
});

describe("connection URIs in config", () => {
  const RIGHT: readonly (readonly [string, string])[] = [
    ["qemu:///system", "local"],
    ["qemu:///system?socket=/run/lab/libvirt-sock", "local"],
    ["qemu+unix:///session", "local"],
    ["qemu+ssh://root@KVM-1.example:2222/system?keyfile=/k&no_verify=1", "kvm-1-example"],
    ["qemu+tls://10.0.0.7/system", "10-0-0-7"],
    ["qemu+tcp://[fe80::1]/system", "fe80-1"],
  ];
  for (const [uri, name] of RIGHT)
    it(`takes ${uri} for the host ${name}`, () => {
      assert.deepEqual([connectionFault(uri), hostNameOf(uri), isHostName(name)], [undefined, name, true]);
    });

  for (const uri of [
    "",
    "system",
    "qemu:/system",
    "xen:///system",
    "qemu:///",
    "qemu+ssh://a/system#x",
    "qemu+ssh://a b/system",
  ])
    it(`refuses ${JSON.stringify(uri)}`, () => {
      assert.notEqual(connectionFault(uri), undefined);
    });

  it("proposes names that are right and free", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(fc.constantFrom<string>("host", "host-2", "a", "a-2")),
        (text, taken) => {
          const proposed = proposeHostName(text, taken);
          assert.ok(isHostName(proposed) && !taken.includes(proposed), proposed);
        },
      ),
    );
  });

  it("makes a right name of every right URI", () => {
    const uri = fc
      .tuple(fc.constantFrom("qemu+ssh://root@", "qemu+tls://"), fc.domain(), fc.constantFrom("", ":22"))
      .map(([scheme, domain, port]) => `${scheme}${domain}${port}/system`);
    fc.assert(
      fc.property(uri, (text) => {
        assert.equal(connectionFault(text), undefined);
        assert.ok(isHostName(hostNameOf(text)), hostNameOf(text));
      }),
    );
  });
});
