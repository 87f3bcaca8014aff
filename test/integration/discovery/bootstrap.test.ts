import { deepEqual, equal, match, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClusterReport } from "../../../commands/readiness/report.ts";
import { ETCD_34, etcd36, Etcds, freePorts, type Ran, runCommand } from "./etcds.ts";

const NAMES = ["d01", "d02", "d03"];
const HOSTS = ["127.0.0.11", "127.0.0.12", "127.0.0.13"];
const TOKEN = "6d5f0c9ab3e14a7f8f1c2d3e4b5a6978";

/** Members that play the machines of a cluster: one address each, one common port, as on real ones. */
describe("real etcds bootstrap with what the discovery program made", function () {
  this.timeout(120_000);
  let etcds: Etcds;
  let uri: string;
  let clientPort: number;
  let peerPort: number;
  let newer: string;

  before(async function () {
    this.timeout(900_000); // the build, where the cache is empty
    newer = await etcd36();
  });

  beforeEach(async () => {
    etcds = new Etcds();
    [clientPort = 0, peerPort = 0] = await freePorts(2);
    // libvirt's own test driver: a host on which domains of these names run, and that knows no addresses.
    const domains = NAMES.map(
      (name) =>
        `<domain type="test"><name>${name}</name><memory>1024</memory><os><type>hvm</type></os></domain>`,
    );
    writeFileSync(join(etcds.folder, "host.xml"), `<node>${domains.join("")}</node>`);
    uri = `test://${etcds.folder}/host.xml`;
  });
  afterEach(() => etcds.remove());

  const peerUrl = (index: number): string => `http://${HOSTS[index] ?? ""}:${peerPort}`;

  function startMembers(program: string, flags: Readonly<Record<string, string>>): void {
    for (const [index, name] of NAMES.entries()) {
      const clients = `http://${HOSTS[index] ?? ""}:${clientPort}`;
      etcds.start(program, name, {
        ...{ "listen-client-urls": clients, "advertise-client-urls": clients },
        ...{ "listen-peer-urls": peerUrl(index), "initial-advertise-peer-urls": peerUrl(index) },
        ...flags,
      });
    }
  }

  const waitEnv = (more: Readonly<Record<string, string>>): Record<string, string> => ({
    NODES: NAMES.map((name, index) => `${name}=52:54:00:00:00:0${index + 1}`).join(" "),
    MACHINES: NAMES.map((name) => `${name}=id-of-${name}`).join(" "),
    ...{ LIBVIRT_URI: uri, TIMEOUT: "60", CLIENT_PORT: String(clientPort) },
    ...more,
  });

  async function succeed(ran: Promise<Ran>): Promise<string> {
    const { code, out, err } = await ran;
    equal(code, 0, err);
    return out;
  }

  function checkReport(out: string): ClusterReport {
    const report = JSON.parse(out) as ClusterReport;
    deepEqual(
      report.nodes.map(({ name, addresses }) => [name, ...addresses]),
      NAMES.map((name, index) => [name, HOSTS[index]]),
    );
    for (const { memberId } of report.nodes) match(memberId, /^[0-9a-f]{8,16}$/);
    deepEqual(
      report.endpoints,
      HOSTS.map((host) => `http://${host}:${clientPort}`),
    );
    ok(NAMES.includes(report.leader));
    return report;
  }

  async function refused(env: Readonly<Record<string, string>>, ...messages: RegExp[]): Promise<void> {
    const { code, out, err } = await runCommand("discovery", "obtain", env);
    equal(code, 1);
    equal(out, "");
    for (const message of messages) match(err, message);
  }

  for (const [what, registryProgram] of [
    ["etcd 3.6", () => newer],
    ["etcd 3.4", () => ETCD_34],
  ] as const)
    it(`v3: three etcd 3.6 through a registry of ${what}`, async () => {
      const registry = await etcds.registry(registryProgram());
      const env = { MODE: "v3", ENDPOINTS: registry, SIZE: "3" };
      const url = await succeed(runCommand("discovery", "obtain", { ...env, TOKEN }));
      equal(url, `${registry}/_etcd/registry/${TOKEN}`);
      // The members get the token as the renderer takes it out of the URL.
      startMembers(newer, {
        "discovery-token": url.split("/").at(-1) ?? "",
        "discovery-endpoints": registry,
      });
      checkReport(await succeed(runCommand("readiness", "wait", waitEnv({ ...env, DISCOVERY_URL: url }))));

      await refused(
        { ...env, GIVEN_TOKEN: TOKEN },
        /used up: 3 of 3 members have registered \(d01, d02, d03\)/,
      );
      await refused(
        { ...env, SIZE: "5", GIVEN_TOKEN: TOKEN },
        /is for a cluster of 3, and this one begins with 5/,
      );
      await refused({ ...env, GIVEN_TOKEN: "unknown" }, /does not know the discovery token unknown/);

      await succeed(runCommand("discovery", "release", { ...env, TOKEN, PULUMI_COMMAND_STDOUT: url }));
      await refused({ ...env, GIVEN_TOKEN: TOKEN }, /does not know the discovery token/);
    });

  it("etcd: three etcd 3.4 through a registry with the v2 API, found again when it is gone", async () => {
    const registry = await etcds.registry(ETCD_34, { "enable-v2": "true" });
    const env = { MODE: "etcd", ENDPOINT: registry, SIZE: "3", TOKEN };
    const url = await succeed(runCommand("discovery", "obtain", env));
    equal(url, `${registry}/v2/keys/discovery/${TOKEN}`);
    startMembers(ETCD_34, { discovery: url });
    const wait = waitEnv({ MODE: "etcd", DISCOVERY_URL: url });
    const out = await succeed(runCommand("readiness", "wait", wait));
    checkReport(out);

    await refused(
      { MODE: "url", URL: url, SIZE: "3" },
      /used up: 3 of 3 members have registered \(d01, d02, d03\)/,
    );
    await refused({ MODE: "url", URL: url, SIZE: "5" }, /is for a cluster of 3, and this one begins with 5/);
    await refused(
      { MODE: "url", URL: `${url}0`, SIZE: "3" },
      /does not know the discovery URL/,
      /curl -X PUT/,
    );

    await succeed(runCommand("discovery", "release", { ...env, PULUMI_COMMAND_STDOUT: url }));
    await refused({ MODE: "url", URL: url, SIZE: "3" }, /does not know the discovery URL/);
    await etcds.stop([`registry-${new URL(registry).port}`]);

    // The same machines: what was printed is printed again, whatever else is set.
    const before = { PULUMI_COMMAND_STDOUT: out };
    equal(await succeed(runCommand("readiness", "renew", { ...wait, ...before, TIMEOUT: "10" })), out);
    // One machine that is no member went: all members are asked again, without their registry and without a guest agent.
    const report = JSON.parse(out) as ClusterReport;
    const nodes = [
      ...report.nodes,
      { name: "gone", addresses: ["127.0.0.99"], memberId: "", machine: "id-of-gone" },
    ];
    const with4 = { PULUMI_COMMAND_STDOUT: JSON.stringify({ ...report, nodes }) };
    const began = performance.now();
    checkReport(await succeed(runCommand("readiness", "renew", { ...wait, ...with4 })));
    ok(performance.now() - began < 20_000);
  });

  it("url: a token that somebody else made in a v2 registry", async () => {
    const registry = await etcds.registry(ETCD_34, { "enable-v2": "true" });
    const url = `${registry}/v2/keys/discovery/${TOKEN}`;
    await fetch(`${url}/_config/size`, { method: "PUT", body: new URLSearchParams({ value: "3" }) });
    equal(await succeed(runCommand("discovery", "obtain", { MODE: "url", URL: url, SIZE: "3" })), url);
  });

  it("etcd: says of a registry without the v2 API what to do", async () => {
    const registry = await etcds.registry(newer);
    await refused(
      { MODE: "etcd", ENDPOINT: registry, SIZE: "3", TOKEN },
      /PUT .*_config\/size: status 404/,
      /pulumi config set --path discovery\.mode v3/,
    );
  });

  for (const [version, program] of [
    ["3.6", () => newer],
    ["3.4", () => ETCD_34],
  ] as const)
    it(`static: three etcd ${version} at given addresses, without any registry`, async () => {
      startMembers(program(), {
        "initial-cluster": NAMES.map((name, index) => `${name}=${peerUrl(index)}`).join(","),
        "initial-cluster-token": TOKEN,
      });
      const NODES = NAMES.map(
        (name, index) => `${name}=52:54:00:00:00:0${index + 1}=${HOSTS[index] ?? ""}`,
      ).join(" ");
      checkReport(await succeed(runCommand("readiness", "wait", waitEnv({ MODE: "static", NODES }))));
      // One given address is enough: the others are in its list of members.
      const one = NODES.replace(/(d0[12]=[^=]+)=[0-9.]+/g, "$1");
      checkReport(await succeed(runCommand("readiness", "wait", waitEnv({ MODE: "static", NODES: one }))));
    });
});
