/** A lab that was killed in one way or another is repaired by the next up, or removed by the next down. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { findHolders } from "../../../lab/libvirt/holder.ts";
import { labDown, labStatus, labUp } from "../../../lab/libvirt/index.ts";
import { layout } from "../../../lab/libvirt/layout.ts";
import { isAlive, signal, waitUntil } from "../../../lab/libvirt/processes.ts";
import { inside, labProcesses, processOf, reasonOf, testLab, tinyDomain, type TestLab } from "./support.ts";

const emulator = process.arch === "arm64" ? "qemu-system-aarch64" : "qemu-system-x86_64";

/** `labUp` in a process of its own. */
function upElsewhere(lab: TestLab, extraPipes = 0): ChildProcess {
  const program = `
    import { labUp } from "${join(import.meta.dirname, "../../../lab/libvirt/index.ts")}";
    await labUp({ paths: ${JSON.stringify(lab.paths)}, report: () => undefined });`;
  const stdio = ["ignore", "pipe", "pipe", ...Array<"pipe">(extraPipes).fill("pipe")] as const;
  return spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", program], {
    stdio: [...stdio],
    detached: true,
  });
}

describe("a lab that was damaged", function () {
  this.timeout(90_000);
  let lab: TestLab;

  before(async () => {
    lab = await testLab();
    await labUp(lab);
    writeFileSync(join(lab.paths.lab, "tiny.xml"), tinyDomain("tiny01", "52:54:00:00:00:01"));
    await inside(lab, "virsh", "-q", "define", join(lab.paths.lab, "tiny.xml"));
    await inside(lab, "virsh", "-q", "start", "tiny01");
  });
  after(async () => {
    await labDown(lab);
    lab.remove();
  });

  for (const program of ["virtlogd", "dnsmasq", "etcd", "libvirtd"]) {
    it(`gets ${program} back after a SIGKILL, with its machines still running`, async () => {
      const machine = processOf(lab, emulator);
      const killed = processOf(lab, program);
      signal(killed, "SIGKILL");
      await waitUntil(() => !isAlive(killed), 5);
      assert.equal((await labStatus(lab)).state, "broken");
      assert.match(await reasonOf(lab), / does not run$/);
      await labUp(lab);
      assert.notEqual(processOf(lab, program), killed);
      assert.equal(processOf(lab, emulator), machine);
      assert.match(await inside(lab, "virsh", "-q", "list"), /tiny01 +running/);
      assert.equal((await labStatus(lab)).state, "up");
    });
  }

  it("gets a daemon back that hangs", async () => {
    const hanging = processOf(lab, "etcd");
    signal(hanging, "SIGSTOP");
    await labUp(lab);
    assert.ok(!isAlive(hanging));
    assert.ok(
      lab.reports.includes("registry runs but does not answer; starting it again"),
      lab.reports.join("\n"),
    );
  });

  it("empties a registry whose data is broken", async () => {
    const etcd = processOf(lab, "etcd");
    signal(etcd, "SIGKILL");
    await waitUntil(() => !isAlive(etcd), 5);
    const wal = join(layout(lab.paths).registry, "member", "wal");
    for (const name of readdirSync(wal)) writeFileSync(join(wal, name), "not what etcd wrote".repeat(1000));
    await labUp(lab);
    const status = await labStatus(lab);
    assert.ok(status.state === "up" && status.registry.healthy);
  });

  it("vanishes as a whole with its holder; the next up brings it back with its definitions", async () => {
    const processes = labProcesses(lab);
    const holder = findHolders(lab.paths)[0]?.pid ?? 0;
    signal(holder, "SIGKILL");
    assert.ok(await waitUntil(() => processes.every((pid) => !isAlive(pid)), 10));
    assert.match(await reasonOf(lab), /it ended without `lab down`/);
    await labUp(lab);
    assert.match(await inside(lab, "virsh", "-q", "list", "--all"), /tiny01 +shut off/);
  });

  it("is made anew when its folder was removed under it", async () => {
    const processes = labProcesses(lab);
    rmSync(layout(lab.paths).root, { recursive: true });
    assert.match(await reasonOf(lab), /was replaced under it/);
    await labUp(lab);
    assert.deepEqual(processes.filter(isAlive), []);
    assert.equal((await labStatus(lab)).state, "up");
  });

  it("is removed by down when only its folder is left", async () => {
    signal(findHolders(lab.paths)[0]?.pid ?? 0, "SIGKILL");
    await labDown(lab);
    assert.deepEqual(await labStatus(lab), { state: "down" });
  });

  it("comes up after an up that was killed at any moment", async () => {
    for (const moment of [60, 100, 140, 180, 220, 260, 300, 400, 500]) {
      const child = upElsewhere(lab);
      await sleep(moment);
      child.kill("SIGKILL");
      await once(child, "exit");
      await labUp(lab);
      assert.equal(findHolders(lab.paths).length, 1);
      for (const program of ["virtlogd", "dnsmasq", "etcd", "libvirtd"]) processOf(lab, program);
      await labDown(lab);
    }
  });

  it("ends what a killed up had begun, also where that comes up beside the one it makes", async () => {
    await labDown(lab);
    const holders = (): number => findHolders(lab.paths).length;
    const late = async (): Promise<ChildProcess> => {
      while (holders() === 0) await sleep(5);
      const loop = ["sh", "-c", "while :; do sleep 86400; done", "coreos-cluster-lab", lab.paths.lab];
      return spawn("unshare", ["--mount", "--net", "--pid", "--fork", "--", ...loop], { stdio: "ignore" });
    };
    const [, other] = await Promise.all([labUp(lab), late()]);
    if (other.exitCode === null && other.signalCode === null) await once(other, "exit");
    assert.equal(holders(), 1);
    assert.equal((await labStatus(lab)).state, "up");
  });

  it("is made once by two runs at once", async () => {
    await Promise.all([labUp(lab), labUp(lab)]);
    assert.equal(findHolders(lab.paths).length, 1);
  });

  it("leaves a process alone that only looks like its holder", async () => {
    const words = ["-c", "read line", "coreos-cluster-lab", lab.paths.lab];
    const other = spawn("sh", words, { stdio: ["pipe", "ignore", "ignore"] });
    await labDown(lab);
    assert.ok(isAlive(other.pid ?? 0));
    other.kill("SIGKILL");
  });
});

describe("a lab beside others", function () {
  this.timeout(60_000);
  const labs: TestLab[] = [];

  afterEach(async () => {
    for (const lab of labs.splice(0)) {
      await labDown(lab);
      lab.remove();
    }
  });

  it("lives and dies by itself", async () => {
    labs.push(await testLab(), await testLab());
    const [one, other] = labs as [TestLab, TestLab];
    await Promise.all([labUp(one), labUp(other)]);
    const processes = labProcesses(other);
    assert.notDeepEqual(labProcesses(one), processes);
    await labDown(one);
    assert.deepEqual(labProcesses(other), processes);
    assert.equal((await labStatus(other)).state, "up");
  });

  it("runs where only root may look", async () => {
    const lab = await testLab("closed");
    labs.push(lab);
    await labUp(lab);
    chmodSync(lab.paths.checkout, 0o700);
    writeFileSync(join(lab.paths.lab, "tiny.xml"), tinyDomain("tiny01", "52:54:00:00:00:02"));
    await inside(lab, "virsh", "-q", "create", join(lab.paths.lab, "tiny.xml"));
    assert.match(await inside(lab, "virsh", "-q", "list"), /tiny01 +running/);
  });

  it("outlives the terminal and the pipes of whoever started it", async () => {
    const lab = await testLab();
    labs.push(lab);
    const child = upElsewhere(lab, 2);
    const pipes = child.stdio.filter((pipe) => pipe instanceof Readable);
    const ends = Promise.all(pipes.map((pipe) => once(pipe.resume(), "end")));
    await once(child, "exit");
    assert.equal(child.exitCode, 0);
    // Each pipe ends only once nobody else holds its other end: not even a lock's.
    const closed = await Promise.race([ends, sleep(3000)]);
    assert.ok(closed !== undefined, "a daemon holds a file of the process that started it");
    const processes = labProcesses(lab);
    try {
      process.kill(-(child.pid ?? 0), "SIGINT"); // Ctrl-C in the terminal
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "ESRCH"); // nobody is left in that group
    }
    assert.deepEqual(labProcesses(lab), processes);
  });
});
