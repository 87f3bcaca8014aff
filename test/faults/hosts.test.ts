/**
 * A cluster of real machines over two libvirt hosts: two labs whose bridges are joined. It becomes healthy, is shown, paused and
 * resumed as one, gets a machine back that vanished; then one of the hosts dies.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessInside, type HostAccess } from "../../host/access.ts";
import { enterCommand } from "../../lab/libvirt/index.ts";
import { type Picture, pictureOfLab } from "../support/leaks.ts";
import { differences } from "../support/picture.ts";
import { joinSecondLab, type SecondLab } from "../support/secondLab.ts";
import { becomesHealthy, cluster, context, describeLong, members, npm, removeLab } from "./guests.ts";

const minutes = 60_000;
const NODES = ["dev-core01", "dev-core02", "dev-core03"] as const;

interface Outputs {
  readonly nodes: readonly { name: string; host: string; domainId: string }[];
  readonly etcdEndpoints: readonly string[];
  readonly hosts: readonly { host: string; members: number; holdsQuorum: boolean }[];
}

describeLong("a cluster over two libvirt hosts", function () {
  this.timeout(25 * minutes);
  const folder = mkdtempSync(join(tmpdir(), "second-lab-"));
  let second: SecondLab | undefined;
  let first: HostAccess;
  let untouched: Picture;

  const exec = (...words: string[]): Promise<string> => npm("cluster", "exec", ...words);
  const up = (...more: string[]): Promise<string> =>
    exec("pulumi", "up", "--yes", "--skip-preview", "--non-interactive", ...more);
  const outputs = async (): Promise<Outputs> =>
    JSON.parse(await exec("pulumi", "stack", "output", "--json")) as Outputs;
  const other = (): SecondLab => second ?? assert.fail("there is no second lab");
  const running = async ({ virsh }: Pick<HostAccess, "virsh">): Promise<string[]> =>
    (await virsh("list", "--name"))
      .split("\n")
      .filter((name) => name.trim() !== "")
      .sort();
  const etcdctl = async (...words: string[]): Promise<string> =>
    await exec("etcdctl", "--endpoints", (await outputs()).etcdEndpoints.join(","), ...words);
  /** Name, state of the machine, host and health, as `status` has them. */
  const shown = async (): Promise<{ exitCode: number | undefined; nodes: string[] }> => {
    const { exitCode, stdout, all } = await cluster("status", "--json");
    assert.match(stdout, /^\{/, all);
    const { nodes } = JSON.parse(stdout) as {
      nodes: { name: string; domain: string; host: string; health: string }[];
    };
    return {
      exitCode,
      nodes: nodes.map(({ name, domain, host, health }) => `${name} ${domain} ${host} ${health}`),
    };
  };

  before(async () => {
    await removeLab();
    await npm("cluster", "lab", "up");
    second = await joinSecondLab(context, folder);
    first = accessInside("the first lab", "qemu:///system", enterCommand(context));
    const hosts = [
      { name: "first", uri: "qemu:///system", weight: 2 },
      { name: "second", uri: second.uri },
    ];
    await exec("pulumi", "config", "set", "hosts", JSON.stringify(hosts));
    untouched = await pictureOfLab(context);
  });
  after(async () => {
    if (second !== undefined) {
      await second.remove();
      await removeLab();
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it("becomes one healthy cluster, with each machine where names and weights say", async () => {
    await up();
    const { nodes, hosts } = await outputs();
    assert.deepEqual(
      nodes.map(({ name, host }) => `${name} ${host}`),
      ["dev-core01 first", "dev-core02 second", "dev-core03 first"],
    );
    assert.deepEqual(
      hosts.map(({ host, members: count, holdsQuorum }) => [host, count, holdsQuorum]),
      [
        ["first", 2, true],
        ["second", 1, false],
      ],
    );
    assert.deepEqual(
      [await running(first), await running(other())],
      [["dev-core01", "dev-core03"], ["dev-core02"]],
    );
    await becomesHealthy(await members(), 60);
    await exec("pulumi", "preview", "--expect-no-changes", "--non-interactive");
    await etcdctl("put", "/hosts", "kept");
  });

  it("is shown with the machines of both hosts; logs are of one, and say so", async () => {
    assert.deepEqual(await shown(), {
      exitCode: 0,
      nodes: [
        "dev-core01 running first healthy",
        "dev-core02 running second healthy",
        "dev-core03 running first healthy",
      ],
    });
    const logs = await cluster("logs", "--lines", "5");
    assert.equal(logs.exitCode, 0, logs.all);
    assert.match(logs.stdout, /^dev-core01 \| .*\n(.*\n)*dev-core03 \| /m);
    assert.match(logs.all, /^This stack is on 2 hosts: first .*, second .*Only the lab was looked at/m);
    const elsewhere = await cluster("logs", NODES[1]);
    assert.equal(elsewhere.exitCode, 1);
    assert.match(
      elsewhere.all,
      /error: dev-core02 is on the host second, .*: npm run cluster -- logs dev-core02 --connect 'qemu:.*'/,
    );
    const list = await cluster("list");
    assert.match(list.stdout, /^organization\/coreos-cluster\/dev +[0-9a-f]{8} +2 running /m);
  });

  it("is paused and resumed as a whole, with its data", async () => {
    const paused = await cluster("pause");
    assert.equal(paused.exitCode, 0, paused.all);
    assert.match(paused.all, /Machines: 3 (shut down|cut off)|Machines: \d shut down, \d cut off/);
    assert.deepEqual([await running(first), await running(other())], [[], []]);
    const { exitCode, nodes } = await shown();
    assert.equal(exitCode, 1);
    assert.match(
      nodes.join("\n"),
      /^dev-core01 shut off first .*\ndev-core02 shut off second .*\ndev-core03 shut off/,
    );
    const resumed = await cluster("resume");
    assert.equal(resumed.exitCode, 0, resumed.all);
    assert.equal((await shown()).exitCode, 0);
    assert.match(await etcdctl("get", "/hosts"), /kept/);
  });

  it("gets a machine back that vanished on the second host, with its data", async () => {
    const old = (await outputs()).nodes;
    await other().virsh("destroy", NODES[1]);
    await other().virsh("undefine", NODES[1]);
    await up("--refresh");
    assert.deepEqual(await running(other()), [NODES[1]]);
    const changed = (await outputs()).nodes.filter(
      ({ domainId }) => !old.some((node) => node.domainId === domainId),
    );
    assert.deepEqual(
      changed.map(({ name }) => name),
      [NODES[1]],
    );
    await becomesHealthy(await members(), 120);
    assert.match(await etcdctl("get", "/hosts"), /kept/);
  });

  it("loses a host: the others go on; up, destroy and status name it, and destroy --force leaves the rest clean", async () => {
    await other().die();
    assert.deepEqual(await shown(), {
      exitCode: 1,
      nodes: [
        "dev-core01 running first healthy",
        "dev-core02 host silent second no answer within 5 s",
        "dev-core03 running first healthy",
      ],
    });
    const endpoint = (await outputs()).etcdEndpoints[0] ?? "";
    await exec("etcdctl", "--endpoints", endpoint, "put", "/hosts", "still");

    for (const verb of ["pause", "resume"]) {
      const { exitCode, all } = await cluster(verb);
      assert.equal(exitCode, 1);
      assert.match(
        all,
        /error: the host second does not answer, and nothing was changed on any: .*libvirt-sock[^]*\n.*--connect qemu:\/\/\/system \(first\)/,
      );
    }
    const failed = await cluster("exec", "pulumi", "up", "--yes", "--skip-preview", "--non-interactive");
    assert.notEqual(failed.exitCode, 0);
    assert.match(
      failed.all,
      /error: 1 of the 2 libvirt hosts that have machines of this cluster does not answer; nothing was changed on any of them:\n\s+second \(qemu:/,
    );
    assert.deepEqual(await running(first), [NODES[0], NODES[2]]);

    const plain = await cluster("destroy");
    assert.equal(plain.exitCode, 1);
    assert.match(
      plain.all,
      /error: the libvirt host qemu:\/\/\/system\?socket=\S+ does not answer: [^]*\nNothing has been destroyed[^]*destroy --stack dev --force/,
    );
    assert.deepEqual(await running(first), [NODES[0], NODES[2]]);
    const forced = await cluster("destroy", "--force");
    assert.equal(forced.exitCode, 0, forced.all);
    assert.match(
      forced.all,
      /Removed on qemu:\/\/\/system: machines dev-core0[13], dev-core0[13]; pool dev-core\./,
    );
    assert.match(
      forced.all,
      /On qemu:\/\/\/system\?socket=\S+:\n\s+machines: dev-core02\n[^]*destroy --owner [0-9a-f]{32} --connect 'qemu:/,
    );
    assert.deepEqual(await running(first), []);
    // But for the cable to the host that is no more.
    const left = differences(untouched, await pictureOfLab(context));
    assert.deepEqual(
      left.filter((line) => !line.includes("to-second")),
      [],
    );
  });
});
