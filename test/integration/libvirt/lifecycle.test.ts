/** The private libvirt on this machine: it comes up, serves and leaves nothing. Needs root and the lab's packages. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  consoleLog,
  enterCommand,
  labDown,
  labStatus,
  labUp,
  nodeAddress,
} from "../../../lab/libvirt/index.ts";
import { layout } from "../../../lab/libvirt/layout.ts";
import { argumentsOf, isAlive, waitUntil } from "../../../lab/libvirt/processes.ts";
import { hostSnapshot, inside, labProcesses, testLab, tinyDomain, type TestLab } from "./support.ts";

describe("the private libvirt", function () {
  this.timeout(90_000);
  let lab: TestLab;
  let host: Record<string, unknown>;
  const mac = "52:54:00:ab:cd:ef";

  before(async () => {
    host = hostSnapshot();
    // A path that is longer than a unix socket's may be, and with what shells stumble over.
    lab = await testLab(join("a folder with $pecial 'characters'", "x".repeat(120)));
  });
  after(async () => {
    await labDown(lab);
    lab.remove();
  });

  it("comes up and says what it offers", async () => {
    assert.equal((await labStatus(lab)).state, "down");
    const offer = await labUp(lab);
    assert.deepEqual(
      { ...offer, domainType: undefined },
      {
        uri: "qemu:///system",
        bridge: "br0",
        registry: "http://10.77.0.1:2379",
        domainType: undefined,
        network: "10.77.0.0/24",
      },
    );
    assert.match(offer.domainType, /^(kvm|qemu)$/);
  });

  it("is left alone by a second up", async () => {
    const first = labProcesses(lab);
    assert.ok(first.length >= 5, `${first.length} processes run`);
    await labUp(lab);
    assert.deepEqual(labProcesses(lab), first);
  });

  it("has a libvirt of its own inside, without networks, pools or machines of the host's", async () => {
    assert.match(await inside(lab, "virsh", "-c", "qemu:///system", "version"), /Running hypervisor: QEMU/);
    for (const list of ["list", "net-list", "pool-list"]) {
      assert.equal(await inside(lab, "virsh", "-q", list, "--all"), "");
    }
  });

  it("keeps the folder in which a command is run", async () => {
    assert.equal(await inside(lab, "node", "-p", "process.cwd()"), process.cwd());
    assert.equal(await inside(lab, "pwd"), process.cwd());
  });

  it("keeps a registry that speaks etcd v2", async () => {
    const url = "http://registry.lab:2379/v2/keys/discovery/token/_config/size";
    const script = `
      await fetch("${url}", { method: "PUT", body: new URLSearchParams({ value: "3" }) });
      console.log((await (await fetch("${url}")).json()).node.value);`;
    assert.equal(await inside(lab, "node", "--input-type=module", "-e", script), "3");
  });

  it("gives a machine an address by its MAC, and knows it by the machine's name", async () => {
    writeFileSync(join(lab.paths.lab, "tiny.xml"), tinyDomain("tiny01", mac));
    await inside(lab, "virsh", "-q", "define", join(lab.paths.lab, "tiny.xml"));
    await assert.rejects(nodeAddress(lab, "tiny01"), /tiny01 \(shut off\) has got no address/);
    await assert.rejects(nodeAddress(lab, "tiny02"), /no machine tiny02; it has tiny01/);
    await inside(lab, "virsh", "-q", "start", "tiny01");
    let address = "";
    await waitUntil(async () => (address = await nodeAddress(lab, "tiny01").catch(() => "")) !== "", 60);
    assert.match(address, /^10\.77\.0\.\d+$/);

    // A rebuilt machine gets the same one.
    await inside(lab, "virsh", "-q", "destroy", "tiny01");
    await inside(lab, "virsh", "-q", "start", "tiny01");
    assert.equal(await nodeAddress(lab, "tiny01"), address);
    const status = await labStatus(lab);
    assert.equal(status.state, "up");
    assert.deepEqual(status.domains, [{ name: "tiny01", state: "running" }]);
    assert.equal(status.leases.find((lease) => lease.mac === mac)?.address, address);
    assert.equal(status.registry.healthy, true);
  });

  it("keeps the machines' consoles", async () => {
    assert.equal(typeof (await consoleLog(lab, "tiny01")), "string");
    await assert.rejects(
      consoleLog(lab, "../tiny01"),
      /no console log of a machine ..\/tiny01 .*there is tiny01/,
    );
  });

  it("shows nothing of itself on the host", () => {
    assert.deepEqual(hostSnapshot(), host);
  });

  it("goes with all its machines and the programs run in it, and leaves nothing", async () => {
    const [file = "", ...args] = enterCommand(lab);
    const shell = spawn(file, [...args, "sleep", "1000"], { stdio: "ignore" });
    await waitUntil(() => argumentsOf(shell.pid ?? 0)[0] === "sleep", 5);
    const processes = labProcesses(lab);
    await labDown(lab);
    assert.ok(
      lab.reports.some((text) => text.includes(`sleep (process ${shell.pid})`)),
      lab.reports.join("\n"),
    );
    assert.deepEqual([...processes, shell.pid ?? 0].filter(isAlive), []);
    assert.equal(existsSync(layout(lab.paths).root), false);
    assert.deepEqual(await labStatus(lab), { state: "down" });
    assert.deepEqual(hostSnapshot(), host);
    assert.throws(
      () => enterCommand(lab),
      /The lab is not running. Start it with: npm run cluster -- lab up/,
    );
    await labDown(lab); // once more: nothing to do
  });
});
