/** Verbs about a stack on several hosts, as they are typed: hosts of libvirt's test driver, and a stand-in for Pulumi that has a state. */
import { deepEqual, equal, match } from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { markXml } from "../../../host/mark.ts";

const checkout = join(import.meta.dirname, "../../..");
const OWNER = "0123456789abcdef0123456789abcdef";
const MARK = markXml({ organization: "o", project: "coreos-cluster", stack: "far", owner: OWNER });
const uuid = (number: number): string => `0000000${number}-0000-4000-8000-000000000000`;
const name = (number: number): string => `far-core0${number}`;
const mac = (number: number): string => `52:54:00:00:00:0${number}`;

const domain = (number: number): string => `<domain type='test'><name>${name(number)}</name>
  <uuid>${uuid(number)}</uuid><metadata>${MARK}</metadata><memory>65536</memory><os><type>hvm</type></os>
  <devices><interface type='network'><mac address='${mac(number)}'/><source network='default'/></interface></devices></domain>`;
const network = `<network><name>default</name><bridge name='virbr0'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'><dhcp><range start='192.168.122.2' end='192.168.122.9'/></dhcp></ip></network>`;

interface Shown {
  readonly healthy?: boolean;
  readonly nodes: readonly { name: string; host?: string; domain: string; mac: string }[];
}

describe("a stack on several hosts, typed", function () {
  this.timeout(60_000);
  let folder: string;
  /** Of the first host, of the second, and of none. */
  let uris: readonly [string, string, string];
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "hosts-"));
    for (const number of [1, 2])
      writeFileSync(join(folder, `${number}.xml`), `<node>${network}${domain(number)}</node>`);
    uris = [`test://${folder}/1.xml`, `test://${folder}/2.xml`, `test://${folder}/none.xml`];
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const urn = (type: string, of: string): string => `urn:pulumi:far::coreos-cluster::${type}::${of}`;
  /** @param hosts connections by name; a machine is on each. @param reported whether an `up` has ended well. */
  const stateOf = (hosts: Readonly<Record<string, string>>, reported: boolean): string => {
    const all = Object.keys(hosts).map((host, index) => ({ host, number: index + 1 }));
    const nodes = all.map(({ host, number }) => ({
      ...{
        name: name(number),
        host,
        mac: mac(number),
        role: "member",
        domainId: uuid(number),
        addresses: [],
      },
    }));
    const provider = (host: string): string => urn("pulumi:providers:libvirt", `cluster-provider@${host}`);
    return JSON.stringify({
      deployment: {
        resources: [
          { type: "pulumi:pulumi:Stack", outputs: reported ? { nodes, etcdEndpoints: [] } : {} },
          {
            ...{ type: "random:index/randomId:RandomId", urn: urn("x", "cluster-owner") },
            outputs: { hex: OWNER },
          },
          ...Object.entries(hosts).map(([host, uri]) => ({
            ...{ type: "pulumi:providers:libvirt", urn: provider(host), inputs: { uri } },
          })),
          ...all.map(({ host, number }) => ({
            ...{ type: "libvirt:index/domain:Domain", id: uuid(number), provider: `${provider(host)}::id` },
            outputs: { name: name(number), networkInterfaces: [{ mac: mac(number).toUpperCase() }] },
          })),
        ],
      },
    });
  };
  const typed = async (state: string, usual: string, ...words: string[]) => {
    writeFileSync(join(folder, "state.json"), state);
    writeFileSync(join(folder, "pulumi"), `#!/bin/sh\nexec cat '${folder}/state.json'\n`);
    chmodSync(join(folder, "pulumi"), 0o755);
    return await execa(process.execPath, ["commands/main.ts", ...words, "--stack", "far"], {
      ...{ cwd: checkout, reject: false, stdin: "ignore" },
      env: {
        ...{ PATH: `${folder}:${process.env["PATH"] ?? ""}`, NO_COLOR: "1" },
        ...{ CLUSTER_LAB_DIR: join(folder, "no-lab"), LIBVIRT_DEFAULT_URI: usual },
      },
    });
  };
  const rows = (json: string) =>
    (JSON.parse(json) as Shown).nodes.map((node) => [node.name, node.host, node.domain, node.mac]);

  it("shows after an up that failed the machines of all of its hosts", async () => {
    const [first, second] = uris;
    const { stdout, stderr } = await typed(
      stateOf({ one: first, two: second }, false),
      first,
      "status",
      "--json",
    );
    deepEqual(
      rows(stdout),
      [
        ["far-core01", "one", "running", mac(1)],
        ["far-core02", "two", "running", mac(2)],
      ],
      stderr,
    );
  });

  it("shows a machine that no up has reported also where its host is silent, and is not healthy", async () => {
    const [first, , none] = uris;
    const { stdout, exitCode } = await typed(
      stateOf({ one: first, two: none }, false),
      first,
      "status",
      "--json",
    );
    deepEqual(rows(stdout)[1], ["far-core02", "two", "host silent", mac(2)]);
    equal(exitCode, 1);
  });

  for (const reported of [true, false])
    it(`is shown where the silent host is the usual one, ${reported ? "with" : "without"} outputs`, async () => {
      const [, second, none] = uris;
      const state = stateOf({ one: none, two: second }, reported);
      const { stdout, stderr, exitCode } = await typed(state, none, "status", "--json");
      deepEqual(
        rows(stdout),
        [
          ["far-core01", "one", "host silent", mac(1)],
          ["far-core02", "two", "running", mac(2)],
        ],
        stderr,
      );
      equal(exitCode, 1);
    });

  for (const verb of ["pause", "resume"])
    it(`is left alone by ${verb} where the usual host is silent, which names that and the other's way`, async () => {
      const [, second, none] = uris;
      const { stderr, exitCode } = await typed(stateOf({ one: none, two: second }, true), none, verb);
      match(stderr, /the host one does not answer, and nothing was changed on any: /);
      match(
        stderr,
        new RegExp(`The machines of one host alone are meant by --connect \\S*2\\.xml'? \\(two\\)`),
      );
      equal(exitCode, 1);
    });

  it("says what works and how outputs are shown where these are secret", async () => {
    const [first] = uris;
    const nodes = {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      ciphertext: "v1:x",
    };
    const state = stateOf({ one: first }, true).replace(
      /"nodes":\[.*?\](?=,"etcdEndpoints")/,
      `"nodes":${JSON.stringify(nodes)}`,
    );
    for (const verb of ["status", "pause"]) {
      const { stderr, exitCode } = await typed(state, first, verb);
      match(stderr, /the stack's outputs are secret in its state[^]*pulumi stack output --show-secrets/);
      deepEqual([exitCode, / {4}at /.test(stderr)], [1, false], stderr);
    }
  });

  it("is told that its host does not answer where it has no other", async () => {
    const [, , none] = uris;
    for (const [state, verb] of [
      [stateOf({}, true), "status"],
      [stateOf({ one: none }, true), "status"],
      [stateOf({}, true), "pause"],
    ] as const) {
      const { stderr, exitCode } = await typed(state, none, verb);
      match(stderr, /the libvirt host test:\S+none\.xml does not answer: /);
      deepEqual([exitCode, / {4}at /.test(stderr)], [1, false]);
    }
  });
});
