import { deepEqual, equal, match } from "node:assert/strict";
import { leftBehind, renderLeft, sweepCommand } from "../../../commands/hosts/leftBehind.ts";

const OWNER = "0123456789abcdef0123456789abcdef";
const URI = "qemu+ssh://me@far.example/system?no_verify=1";
const urnOf = (name: string): string =>
  `urn:pulumi:dev::coreos-cluster::coreos-cluster:index:CoreOSCluster$command:local:Command::${name}`;
const command = (name: string, create: string, environment: object, stdout: unknown): object => ({
  urn: urnOf(name),
  type: "command:local:Command",
  inputs: { create, environment },
  outputs: { stdout },
});
const thing = (type: string, outputs: object, more: object = {}): object => ({
  ...{ urn: `urn::${type}`, type: `libvirt:index/${type}`, outputs },
  ...more,
});
/** What lies on the host that a check is about. */
const on = (host: string): object => ({ deletedWith: urnOf(host) });
const check = { LIBVIRT_URI: URI, OWNER, POOL: "a-core", DOMAINS: "a-core01 a-core02" };
const url = "http://registry.example/v2/keys/discovery/f00";

const state = (...resources: object[]): string => JSON.stringify({ deployment: { resources } });

describe("what a forgotten state leaves", () => {
  it("is what the state says is there, by host", () => {
    const { hosts, tokens } = leftBehind(
      state(
        command("cluster-host", "check", check, "{}"),
        command(
          "cluster-host@far",
          "check",
          { ...check, LIBVIRT_URI: "qemu:///x", POOL: "b", DOMAINS: "b1" },
          "{}",
        ),
        command("cluster-discovery-abc", "obtain", { MODE: "etcd" }, url),
        command("cluster-readiness", "wait", { LIBVIRT_URI: URI }, "{}"),
        thing("domain:Domain", { name: "a-core01" }, on("cluster-host")),
        // A half replaced one is on the host under the same name, or gone.
        thing("domain:Domain", { name: "b1" }, { ...on("cluster-host@far"), delete: true }),
        thing("volume:Volume", { name: "base-1.qcow2", pool: "a-core" }, on("cluster-host")),
        thing("ignition:Ignition", { name: "a-core01-1.ign", pool: "a-core" }, on("cluster-host")),
      ),
    );
    deepEqual(hosts, [
      {
        ...{ uri: URI, owner: OWNER, pool: "a-core" },
        machines: ["a-core01"],
        volumes: ["base-1.qcow2", "a-core01-1.ign"],
      },
      { name: "far", uri: "qemu:///x", owner: OWNER, pool: "b", machines: [], volumes: [] },
    ]);
    deepEqual(tokens, [{ environment: { MODE: "etcd" }, url }]);
    deepEqual(leftBehind(state()), { hosts: [], tokens: [] });
    deepEqual(leftBehind("no JSON"), { hosts: [], tokens: [] });
  });

  it("is on each of several hosts what lies there, though pools and base volumes have one name everywhere", () => {
    const host = (name: string, uri: string, machines: string): object =>
      command(`cluster-host@${name}`, "check", { ...check, LIBVIRT_URI: uri, DOMAINS: machines }, "{}");
    const machine = (where: string, name: string): object[] => [
      thing("volume:Volume", { name: "base-1.qcow2", pool: "a-core" }, on(`cluster-host@${where}`)),
      thing("volume:Volume", { name: `${name}-1.qcow2`, pool: "a-core" }, on(`cluster-host@${where}`)),
      thing("ignition:Ignition", { name: `${name}-1.ign`, pool: "a-core" }, on(`cluster-host@${where}`)),
      thing("domain:Domain", { name }, on(`cluster-host@${where}`)),
    ];
    const { hosts } = leftBehind(
      state(
        host("one", "qemu:///one", "a-core01"),
        host("two", "qemu:///two", "a-core02"),
        ...machine("one", "a-core01"),
        ...machine("two", "a-core02"),
      ),
    );
    deepEqual(
      hosts.map(({ uri, machines, volumes }) => ({ uri, machines, volumes })),
      ["one", "two"].map((name, at) => ({
        uri: `qemu:///${name}`,
        machines: [`a-core0${at + 1}`],
        volumes: ["base-1.qcow2", `a-core0${at + 1}-1.qcow2`, `a-core0${at + 1}-1.ign`],
      })),
    );
  });

  it("is never an encrypted value", () => {
    const secret = {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      ciphertext: "v1:x",
    };
    deepEqual(leftBehind(state(command("cluster-discovery-abc", "obtain", {}, secret))).tokens, []);
  });

  it("has a host's connection where secrets are shown, and never another one in its place", () => {
    const signature = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
    const uriOf = (uri: object) =>
      leftBehind(state(command("cluster-host@far", "check", { ...check, LIBVIRT_URI: uri }, "{}"))).hosts;
    equal(uriOf({ ...signature, plaintext: JSON.stringify(URI) })[0]?.uri, URI);
    const [hidden] = uriOf({ ...signature, ciphertext: "v1:x" });
    if (hidden === undefined) throw new Error("no host");
    deepEqual([hidden.name, hidden.uri, hidden.owner], ["far", undefined, OWNER]);
    equal(sweepCommand(hidden), `npm run cluster -- destroy --owner ${OWNER} --connect URI`);
    match(renderLeft([hidden]), /^On the host far, whose connection is secret:\n/);
  });

  it("is told with the commands that remove it, whatever the URI holds", () => {
    const [host] = leftBehind(
      state(
        command("cluster-host", "check", check, "{}"),
        thing("domain:Domain", { name: "a-core02" }, on("cluster-host")),
      ),
    ).hosts;
    if (host === undefined) throw new Error("no host");
    equal(sweepCommand(host), `npm run cluster -- destroy --owner ${OWNER} --connect '${URI}'`);
    const text = renderLeft([host]);
    match(text, /machines: a-core02\n {2}pool: {5}a-core\n {2}volumes: {2}none/);
    match(text, /virsh --connect '[^']*' undefine --nvram a-core02\n/);
    match(text, /pool-destroy a-core\n.*pool-delete a-core\n.*pool-undefine a-core$/);
  });
});
