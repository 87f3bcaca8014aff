/**
 * The main path with real parts: `npm start` makes three real guests and a healthy etcd cluster, `npm stop` removes
 * all of it. The first start is killed in the middle, since a start that goes on after a kill is a promise too.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { clientUrl, clusterChecks, stackNodes } from "./checks.ts";
import { hostChecks, listeners } from "./hostChecks.ts";
import {
  describeLeavingNothing,
  machineIsAsItWas,
  type Picture,
  pictureOfMachine,
} from "../support/leaks.ts";
import {
  checkout,
  endLab,
  inLab,
  labFolder,
  macByMd5sum,
  npm,
  npmStart,
  onNode,
  removeLab,
} from "./support.ts";

const nodes = ["dev-core01", "dev-core02", "dev-core03"];
const minutes = 60_000;

async function domains(): Promise<string[]> {
  return (await inLab("virsh", "list", "--name"))
    .split("\n")
    .filter((name) => name.trim() !== "")
    .sort();
}

describeLeavingNothing("npm start, from nothing to a healthy cluster and back", function () {
  this.timeout(25 * minutes);
  let asItWas: Picture;
  let listening: readonly string[];

  before(async () => {
    await removeLab();
    asItWas = await pictureOfMachine();
    listening = await listeners();
  });

  after(() => endLab()); // no matter how the tests went

  it("survives being killed while the machines are made", async () => {
    const killed = npmStart();
    let over = false;
    void killed.ended.then(() => (over = true));
    for (;;) {
      assert.ok(!over, "the first start ended before it made a domain");
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

  clusterChecks(nodes);
  hostChecks(nodes, () => listening);

  it("wrote the network unit through Ignition", async () => {
    assert.match(
      await onNode("dev-core01", "cat /etc/systemd/network/10-dhcp.network"),
      /ClientIdentifier=mac/,
    );
  });

  it("reaches a node by the commands that it printed", async () => {
    const [first = ""] = (await stackNodes()).map(clientUrl);
    const version = JSON.parse(await inLab("curl", "-s", `${first}/version`)) as {
      etcdserver: string;
    };
    assert.match(version.etcdserver, /^3\./);
    const { exitCode, stdout } = await npm("cluster", "status", "--json");
    assert.equal(exitCode, 0, stdout);
    const { nodes: seen } = JSON.parse(stdout) as { nodes: { name: string; health: string }[] };
    assert.deepEqual(
      seen.map(({ name, health }) => [name, health]),
      nodes.map((name) => [name, "healthy"]),
    );
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

  it("is paused and resumed with its data", async () => {
    const [url = ""] = (await stackNodes()).map(clientUrl);
    await inLab("etcdctl", "--endpoints", url, "put", "/e2e/paused", "kept");
    const paused = await npm("cluster", "pause");
    assert.equal(paused.exitCode, 0, paused.all);
    assert.match(paused.all, /3 shut down/);
    assert.deepEqual(await domains(), []);
    assert.equal((await npm("cluster", "status")).exitCode, 1);
    const resumed = await npm("cluster", "resume");
    assert.equal(resumed.exitCode, 0, resumed.all);
    assert.deepEqual(await domains(), nodes);
    assert.match(await inLab("etcdctl", "--endpoints", url, "get", "/e2e/paused"), /kept/);
  });

  it("has the data of a snapshot again, and none that came later, after a restore", async () => {
    const [url = "", ...others] = (await stackNodes()).map(clientUrl);
    const file = `${labFolder}/saved.db`;
    await inLab("etcdctl", "--endpoints", url, "put", "/e2e/saved", "before");
    const saved = await npm("cluster", "snapshot", "save", file);
    assert.equal(saved.exitCode, 0, saved.all);
    await inLab("etcdctl", "--endpoints", url, "put", "/e2e/saved", "after");
    await inLab("etcdctl", "--endpoints", url, "put", "/e2e/later", "1");
    assert.notEqual((await npm("cluster", "restore", file)).exitCode, 0, "nobody is there to be asked");
    const restored = await npm("cluster", "restore", file, "--yes");
    assert.equal(restored.exitCode, 0, restored.all);
    for (const each of [url, ...others]) {
      const found = await inLab("etcdctl", "--endpoints", each, "get", "--prefix", "/e2e/");
      assert.match(found, /^\/e2e\/saved\nbefore$/m);
      assert.ok(!found.includes("/e2e/later"), found);
    }
    assert.equal(await onNode(nodes[0] ?? "", "sudo", "ls", "/var/lib/etcd"), "member");
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
    // Caches, settings and the log stay in the lab's folder.
    await machineIsAsItWas(asItWas, undefined, ["left: checkout !! .lab-e2e/"]);
    assert.equal(existsSync(`${labFolder}/pulumi/state`), false);
  });

  it("has nothing to do when it is stopped again", async () => {
    const { exitCode, all } = await npm("stop");
    assert.equal(exitCode, 0, all);
  });
});
