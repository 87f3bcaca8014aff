import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { hasBinary } from "../../../lab/shared/packages.ts";
import {
  dhcpReservations,
  dnsmasqLines,
  etcdEnvironment,
  etcdVariables,
  hostsLines,
  iscBlocks,
  keaReservations,
  type Machine,
  sshConfig,
} from "../../../outputs/index.ts";
import { macOf } from "../../../plan/mac.ts";

const machine = (name: string, addresses: readonly string[], role: Machine["role"] = "member"): Machine => ({
  ...{ name, mac: macOf(name), role, addresses },
});

const machines = [
  machine("dev-core01", ["10.0.0.5", "fd00::5"]),
  machine("dev-core02", ["fd00::6", "10.0.0.6"]),
  machine("worker", [], "client"),
];

describe("texts about machines", () => {
  it("reserve addresses with dnsmasq, ISC's dhcpd and Kea", () => {
    equal(
      dnsmasqLines(machines),
      "dhcp-host=52:54:00:03:58:d3,10.0.0.5,dev-core01\n" +
        "dhcp-host=52:54:00:8c:2a:e0,10.0.0.6,dev-core02\n" +
        "dhcp-host=52:54:00:55:68:dc,worker\n",
    );
    equal(
      iscBlocks(machines.slice(1)),
      'host dev-core02 {\n  hardware ethernet 52:54:00:8c:2a:e0;\n  fixed-address 10.0.0.6;\n  option host-name "dev-core02";\n}\n' +
        'host worker {\n  hardware ethernet 52:54:00:55:68:dc;\n  option host-name "worker";\n}\n',
    );
    deepEqual(JSON.parse(keaReservations(machines)), [
      { "hw-address": "52:54:00:03:58:d3", "ip-address": "10.0.0.5", hostname: "dev-core01" },
      { "hw-address": "52:54:00:8c:2a:e0", "ip-address": "10.0.0.6", hostname: "dev-core02" },
      { "hw-address": "52:54:00:55:68:dc", hostname: "worker" },
    ]);
  });

  it("name machines for /etc/hosts, by their best address", () => {
    equal(hostsLines(machines), "10.0.0.5 dev-core01\nfd00::6 dev-core02\n");
  });

  it("tell etcdctl where the members are", () => {
    equal(
      etcdEnvironment(["http://10.0.0.5:2379", "http://[fd00::6]:2379"]),
      "export ETCDCTL_API=3\nexport ETCDCTL_ENDPOINTS=http://10.0.0.5:2379,http://[fd00::6]:2379\n",
    );
  });

  it("tell etcdctl where its certificates are, where members want them, or that nobody has said so", () => {
    const script = `${etcdEnvironment(["https://dev-core01:2379"])}printenv ETCDCTL_ENDPOINTS ETCDCTL_CACERT ETCDCTL_CERT ETCDCTL_KEY\n`;
    const shell = (env: Record<string, string>) => spawnSync("sh", { input: script, encoding: "utf8", env });
    const { PATH = "" } = process.env;
    equal(
      shell({ PATH, ETCD_CREDENTIALS: "/my folder" }).stdout,
      "https://dev-core01:2379\n/my folder/ca.pem\n/my folder/cert.pem\n/my folder/key.pem\n",
    );
    const unset = shell({ PATH });
    equal(unset.stdout, "");
    match(unset.stderr, /ETCD_CREDENTIALS: names the folder that npm run cluster -- credentials wrote/);
  });

  it("hold nothing that a guest made up", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (told) => {
        fc.pre(!/^[0-9a-f:.]+$/i.test(told));
        const [liar] = [machine("liar", [told])];
        deepEqual(dhcpReservations([liar]), dhcpReservations([machine("liar", [])]));
        equal(hostsLines([liar]), "");
        equal(sshConfig([liar]), sshConfig([machine("liar", [])]));
        match(
          etcdEnvironment([`http://${told}:2379`]),
          /^export ETCDCTL_API=3\nexport ETCDCTL_ENDPOINTS=(https?:\/\/[A-Za-z0-9.-]+:2379)?\n$/,
        );
      }),
    );
    equal(
      etcdVariables(["http://10.0.0.5:2379", "http://a;reboot:2379"])["ETCDCTL_ENDPOINTS"],
      "http://10.0.0.5:2379",
    );
  });
});

describe("programs understand the texts", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "outputs-"));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a program over a file with this text; skips the test where the program isn't installed. */
  function read(context: Mocha.Context, content: string, program: string, ...args: string[]): string {
    if (!hasBinary(program)) context.skip();
    const file = join(folder, program);
    writeFileSync(file, content, { mode: 0o644 });
    const { status, stdout, stderr } = spawnSync(
      program,
      args.map((arg) => (arg === "FILE" ? file : arg)),
      {
        encoding: "utf8",
        env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` },
      },
    );
    equal(status, 0, `${stdout}${stderr}`);
    return `${stdout}${stderr}`;
  }

  it("dnsmasq", function () {
    match(
      read(
        this,
        dnsmasqLines(machines),
        "dnsmasq",
        "--test",
        "--conf-file=FILE".replace("FILE", join(folder, "dnsmasq")),
      ),
      /syntax check OK/,
    );
  });

  it("dhcpd", function () {
    const subnet = "subnet 10.0.0.0 netmask 255.255.255.0 { range 10.0.0.100 10.0.0.200; }\n";
    read(this, subnet + iscBlocks(machines), "dhcpd", "-t", "-4", "-cf", "FILE");
  });

  it("kea-dhcp4", function () {
    const reservations = JSON.parse(keaReservations(machines)) as unknown;
    const subnet4 = [{ id: 1, subnet: "10.0.0.0/24", reservations }];
    const config = { Dhcp4: { "interfaces-config": { interfaces: [] }, subnet4 } };
    read(this, JSON.stringify(config), "kea-dhcp4", "-t", "FILE");
  });

  it("ssh", function () {
    const shown = read(this, sshConfig(machines), "ssh", "-G", "-F", "FILE", "dev-core02");
    for (const line of [
      ...["hostname fd00::6", "user core", "stricthostkeychecking false", "userknownhostsfile /dev/null"],
      ...["passwordauthentication no", "forwardagent no"],
    ])
      ok(shown.split("\n").includes(line), `${line} is not in\n${shown}`);
    match(
      read(this, sshConfig(machines, "accept-new"), "ssh", "-G", "-F", "FILE", "worker"),
      /^hostname worker$/m,
    );
  });

  it("a shell", function () {
    const shown = read(
      this,
      `${etcdEnvironment(["http://10.0.0.5:2379"])}printenv ETCDCTL_ENDPOINTS\n`,
      "sh",
      "FILE",
    );
    equal(shown, "http://10.0.0.5:2379\n");
  });
});
