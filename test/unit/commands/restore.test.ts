import { deepEqual, equal } from "node:assert/strict";
import { markXml } from "../../../host/mark.ts";
import { knownThings, lacksDisk, putBack } from "../../../commands/hosts/putBack.ts";
import { ownMachines } from "../../../commands/lab/restore.ts";

const pool = { uuid: "01234567-89ab-cdef-0123-456789abcdef", name: "dev-core", path: "/pools/dev-core" };

/** A state as `pulumi stack export --show-secrets` prints it, cut down to what is read. */
const state = (...resources: readonly object[]): string =>
  JSON.stringify({ version: 3, deployment: { resources } });

const ignition = (name: string, content: unknown, more: object = {}): object => ({
  type: "libvirt:index/ignition:Ignition",
  outputs: { name, pool: "dev-core", content },
  ...more,
});

describe("what a state knows of files on the host", () => {
  it("pools by UUID, name and folder; Ignition files by content, also where that is secret", () => {
    const exported = state(
      { type: "pulumi:pulumi:Stack" },
      {
        type: "libvirt:index/pool:Pool",
        id: pool.uuid,
        inputs: { target: { path: pool.path } },
        outputs: { name: pool.name },
      },
      ignition("a.ign", "{}"),
      ignition("b.ign", {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        plaintext: '"{\\"a\\":1}"',
      }),
      ignition("old.ign", "{}", { delete: true }),
    );
    deepEqual(knownThings(exported), {
      pools: [pool],
      ignitions: [
        { pool: "dev-core", name: "a.ign", content: "{}" },
        { pool: "dev-core", name: "b.ign", content: '{"a":1}' },
      ],
    });
  });

  it("the same in the backend's own file", () => {
    const resources = [ignition("a.ign", "{}")];
    const file = JSON.stringify({ version: 3, checkpoint: { stack: "dev", latest: { resources } } });
    deepEqual(knownThings(file).ignitions, [{ pool: "dev-core", name: "a.ign", content: "{}" }]);
  });

  for (const text of ["", "no JSON", state(), JSON.stringify({ version: 3, deployment: null })])
    it(`nothing in ${JSON.stringify(text)}`, () => {
      deepEqual(knownThings(text), { pools: [], ignitions: [] });
    });
});

describe("what is put back", () => {
  const provider = (name: string, uri: unknown): object => ({
    ...{ type: "pulumi:providers:libvirt", id: "1", inputs: { uri } },
    urn: `urn:pulumi:dev::coreos-cluster::a$pulumi:providers:libvirt::core-provider@${name}`,
  });
  const by = (name: string): object => ({
    provider: `urn:pulumi:dev::coreos-cluster::a$pulumi:providers:libvirt::core-provider@${name}::1`,
  });
  const poolAt = (name: string): object => ({
    ...{ type: "libvirt:index/pool:Pool", id: pool.uuid, ...by(name) },
    ...{ inputs: { target: { path: pool.path } }, outputs: { name: pool.name } },
  });
  const secret = {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    ciphertext: "v1:x",
  };
  const state2 = (...more: object[]): string =>
    state(
      ...[provider("here", "qemu:///system"), provider("far", "qemu+ssh://far/system")],
      ...[poolAt("here"), poolAt("far")],
      ...[ignition("a.ign", "{}", by("here")), ignition("b.ign", '{"b":1}', by("far")), ...more],
    );

  /** Hosts with these volumes; notes what is made. */
  function hosts(volumes: Readonly<Record<string, readonly string[]>>) {
    const made: string[] = [];
    const hostOf = (uri = "") => ({
      uri,
      virsh: (verb = "", ...words: string[]): Promise<string> => {
        if (verb === "pool-list") return Promise.resolve(pool.uuid);
        if (verb === "vol-list")
          return Promise.resolve(
            (volumes[uri] ?? []).map((name) => ` ${name}   ${pool.path}/${name}`).join("\n"),
          );
        if (verb === "vol-create-as") made.push(`${uri} ${words[1] ?? ""}`);
        return Promise.resolve("");
      },
    });
    return { made, hostOf };
  }
  const back = async (
    text: string,
    volumes: Readonly<Record<string, readonly string[]>>,
  ): Promise<[string[], string[]]> => {
    const { made, hostOf } = hosts(volumes);
    const done = await putBack(knownThings(text), hostOf, () => Promise.resolve(knownThings(text)));
    return [done, made];
  };

  it("is on the host that it was on, and nothing where all is there", async () => {
    const all = { "qemu:///system": ["a.ign"], "qemu+ssh://far/system": ["b.ign"] };
    deepEqual(await back(state2(), all), [[], []]);
    deepEqual(await back(state2(), { ...all, "qemu+ssh://far/system": [] }), [
      ["Ignition file b.ign"],
      ["qemu+ssh://far/system b.ign"],
    ]);
  });
  it("is nothing of a host whose connection the state hides", async () => {
    const hidden = [provider("hidden", secret), poolAt("hidden"), ignition("c.ign", "{}", by("hidden"))];
    const all = { "qemu:///system": ["a.ign"], "qemu+ssh://far/system": ["b.ign"] };
    deepEqual(await back(state2(...hidden), all), [[], []]);
  });
});

describe("the stack's own machines", () => {
  it("are known by their owner: another checkout may have a stack of the same name", async () => {
    const [mine, theirs] = ["0".repeat(32), "1".repeat(32)];
    const uuids = ["a", "b", "c"].map((letter) => `${letter.repeat(8)}-0000-4000-8000-000000000000`);
    const marks = [mine, theirs, undefined].map((owner) =>
      owner === undefined
        ? ""
        : `<metadata>${markXml({ owner, organization: "organization", project: "coreos-cluster", stack: "dev" })}</metadata>`,
    );
    const virsh = (verb = "", ...words: string[]): Promise<string> =>
      Promise.resolve(
        verb === "list"
          ? uuids.map((uuid, at) => ` ${uuid}   m${at}`).join("\n")
          : `<domain><name>m</name>${marks[uuids.findIndex((uuid) => words.includes(uuid))] ?? ""}</domain>`,
      );
    deepEqual(await ownMachines(virsh, [mine], "--state-paused"), [uuids[0]]);
    deepEqual(await ownMachines(virsh, [], "--state-paused"), []);
  });
});

describe("a machine that has lost its disk", () => {
  const disk = "/pools/dev-core/a.qcow2";
  for (const [what, files, volumes, expected] of [
    ["its disk is there", [disk], ["a.qcow2"], false],
    ["its disk is gone", [disk], ["b.qcow2"], true],
    [
      "its Ignition file is gone, which can be made again",
      [disk, "/pools/dev-core/a.ign"],
      ["a.qcow2"],
      false,
    ],
    [
      "a disk elsewhere is nobody's business",
      [disk, "/other/b.qcow2", "/pools/dev-core2/c.qcow2"],
      ["a.qcow2"],
      false,
    ],
    ["it has no disk", [], [], false],
  ] as const)
    it(what, () => {
      equal(lacksDisk(files, pool, volumes), expected);
    });
});
