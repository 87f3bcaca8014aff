/**
 * The main path with real parts: `npm start` makes three real guests and a healthy etcd cluster, `npm stop` removes
 * all of it. The first start is killed in the middle, since a start that goes on after a kill is a promise too.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import {
  checkout,
  hostState,
  inLab,
  labFolder,
  macByMd5sum,
  npm,
  npmStart,
  onNode,
  type HostState,
} from "./support.ts";

const nodes = ["dev-core01", "dev-core02", "dev-core03"];
const minutes = 60_000;

interface Output {
  readonly name: string;
  readonly mac: string;
  readonly addresses: readonly string[];
  readonly domainId: string;
}

async function stackNodes(): Promise<readonly Output[]> {
  return (JSON.parse(await inLab("pulumi", "stack", "output", "--json")) as { nodes: Output[] }).nodes;
}

async function domains(): Promise<string[]> {
  return (await inLab("virsh", "list", "--name"))
    .split("\n")
    .filter((name) => name.trim() !== "")
    .sort();
}

describe("npm start, from nothing to a healthy cluster and back", function () {
  this.timeout(25 * minutes);
  let asItWas: HostState;
  let endpoints: string[];

  before(async () => {
    await npm("stop");
    await rm(labFolder, { recursive: true, force: true });
    asItWas = hostState();
  });

  after(async () => {
    await npm("stop"); // no matter how the tests went
    await rm(labFolder, { recursive: true, force: true });
  });

  it("survives being killed while the machines are made", async () => {
    const killed = npmStart();
    const until = Date.now() + 15 * minutes;
    for (;;) {
      assert.ok(Date.now() < until, "the first start made no domain");
      await sleep(500);
      if (!existsSync(labFolder)) continue;
      const { exitCode, stdout } = await npm("cluster", "exec", "virsh", "list", "--all", "--name");
      if (exitCode === 0 && stdout.includes("dev-core")) break;
    }
    killed.killAll(); // npm, the CLI and pulumi at once
    await killed.ended;
  });

  it("ends healthy when it is run again, and says what there is", async () => {
    const { exitCode, stdout, all } = await npm("start");
    assert.equal(exitCode, 0, all);
    for (const node of nodes) {
      const line = stdout.split("\n").find((text) => text.startsWith(node));
      assert.ok(line !== undefined, `no line for ${node} in:\n${stdout}`);
      assert.ok(line.includes(await macByMd5sum(node)), line);
      assert.match(line, / healthy$/);
    }
    assert.match(stdout, /Discovery URL: http:\/\//);
    assert.match(stdout, /npm run cluster -- ssh dev-core01/);
  });

  it("runs three domains with the MACs of their names", async () => {
    assert.deepEqual(await domains(), nodes);
    for (const node of nodes)
      assert.ok((await inLab("virsh", "dumpxml", node)).includes(await macByMd5sum(node)));
  });

  it("has one lease for each node", async () => {
    const { stdout } = await npm("cluster", "lab", "status", "--json");
    const { leases } = JSON.parse(stdout) as { leases: { name: string; mac: string; address: string }[] };
    assert.deepEqual(leases.map((lease) => lease.name).sort(), nodes);
    for (const { name, addresses } of await stackNodes()) {
      assert.equal(leases.find((lease) => lease.name === name)?.address, addresses[0]);
    }
  });

  it("has three healthy etcd members, named as their hosts", async () => {
    endpoints = (await stackNodes()).map(({ addresses }) => `http://${addresses[0] ?? "?"}:2379`);
    const members = JSON.parse(
      await inLab("etcdctl", "--endpoints", endpoints.join(","), "member", "list", "--write-out", "json"),
    ) as { members: { name: string }[] };
    assert.deepEqual(members.members.map((member) => member.name).sort(), nodes);
    for (const endpoint of endpoints) {
      assert.equal(
        (JSON.parse(await inLab("curl", "-sS", `${endpoint}/health`)) as { health: string }).health,
        "true",
      );
    }
  });

  it("reads a key on each member that was written on the first", async () => {
    const value = `written ${new Date().toISOString()}`;
    await inLab("etcdctl", "--endpoints", endpoints[0] ?? "", "put", "/e2e/key", value);
    for (const endpoint of endpoints) {
      const read = await inLab("etcdctl", "--endpoints", endpoint, "get", "/e2e/key", "--print-value-only");
      assert.equal(read.trim(), value);
    }
  });

  it("wrote the hostname and the network unit through Ignition, and lets core in by key, with sudo", async () => {
    for (const node of nodes) {
      assert.equal(await onNode(node, "cat", "/etc/hostname"), node);
      assert.equal(await onNode(node, "hostname"), node);
    }
    const unit = await onNode("dev-core01", "cat /etc/systemd/network/*.network");
    assert.match(unit, /ClientIdentifier=mac/);
    assert.equal(await onNode("dev-core01", "sudo", "id", "-u"), "0");
    assert.match(await onNode("dev-core01", "sudo", "sshd", "-T"), /^passwordauthentication no$/m);
  });

  it("reaches a node by the commands that it printed", async () => {
    const version = JSON.parse(await inLab("curl", "-s", `${endpoints[0] ?? ""}/version`)) as {
      etcdserver: string;
    };
    assert.match(version.etcdserver, /^3\./);
    const { exitCode, stdout } = await npm("cluster", "status");
    assert.equal(exitCode, 0, stdout);
    assert.equal(stdout.match(/ healthy$/gm)?.length, 3);
  });

  it("changes nothing when it is run a second time", async () => {
    const ids = (await stackNodes()).map((node) => node.domainId);
    const { exitCode, all } = await npm("start");
    assert.equal(exitCode, 0, all);
    assert.deepEqual(
      (await stackNodes()).map((node) => node.domainId),
      ids,
    );
    assert.match(all, /Cluster: \d+ unchanged/);
    await inLab("pulumi", "preview", "--expect-no-changes", "--non-interactive");
  });

  it("leaves tracked files as they are", async () => {
    const { stdout } = await execa("git", ["status", "--porcelain", "--untracked-files=all"], {
      cwd: checkout,
    });
    assert.ok(!/Pulumi|lab-e2e/.test(stdout), stdout);
  });

  it("names all mistakes of a config at once, before anything exists", async () => {
    const set = "pulumi config set --non-interactive";
    const wrong = [
      `${set} nodes 0`,
      `${set} memory 12MiB`,
      `${set} bridge a-bridge-name-too-long`,
      `${set} domainType xen`,
      `${set} prefix Not_A_Label`,
    ];
    const script = `${wrong.join(" && ")} && pulumi preview --non-interactive`;
    const { exitCode, all } = await npm("cluster", "exec", "--stack", "mistakes", "sh", "-c", script);
    assert.notEqual(exitCode, 0);
    for (const key of ["nodes", "memory", "bridge", "domainType", "prefix"]) {
      assert.match(
        all,
        new RegExp(`pulumi config set (coreos-cluster:)?${key}\\b`),
        `nothing about ${key} in:\n${all}`,
      );
    }
    assert.deepEqual(await domains(), nodes);
  });

  it("leaves the host as it was after npm stop", async () => {
    const { exitCode, all } = await npm("stop");
    assert.equal(exitCode, 0, all);
    assert.deepEqual(hostState(), asItWas);
    assert.equal(existsSync(`${labFolder}/pulumi/state`), false);
  });

  it("has nothing to do when it is stopped again", async () => {
    const { exitCode, all } = await npm("stop");
    assert.equal(exitCode, 0, all);
  });
});
