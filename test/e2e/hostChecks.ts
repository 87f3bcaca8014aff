/** What other users of the libvirt host can see and reach of a lab and its cluster, as tests of a describe whose cluster is up. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { requireHolder } from "../../lab/libvirt/holder.ts";
import { enterCommand } from "../../lab/libvirt/index.ts";
import { argumentsOf, processesIn } from "../../lab/libvirt/processes.ts";
import { filesBelow } from "../support/keyMaterial.ts";
import { context, inLab, labFolder, npm } from "./support.ts";

/** A command as a user who has nothing to do with it all. */
async function asNobody(command: readonly string[], enter: readonly string[] = []): Promise<string> {
  const drop = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"];
  const [file = "", ...args] = [...enter, ...drop, ...command];
  const { all } = await execa(file, args, { all: true, reject: false, stdin: "ignore" });
  return all;
}

/** Addresses and ports of TCP and UDP listeners, `tcp 10.77.0.1:53`; of this namespace, or of the one that is entered. */
export async function listeners(enter: readonly string[] = []): Promise<string[]> {
  const [file, ...args] = [...enter, "ss", "-H", "-l", "-n", "-t", "-u"];
  const { stdout } = await execa(file, args);
  return stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length > 4)
    .map((fields) => `${fields[0] ?? ""} ${fields[4] ?? ""}`)
    .toSorted();
}

const isEverywhere = (listener: string): boolean => /^\S+ (?:0\.0\.0\.0|\*|\[::\])(?:%\S+)?:/.test(listener);

const qemus = (): number[] =>
  processesIn({ pid: requireHolder(context.paths).namespaces.pid }).filter((pid) =>
    argumentsOf(pid).some((word) => /^guest=/.test(word)),
  );

/** Registers the tests. @param before what listened on this machine before the lab was there. */
export function hostChecks(names: readonly string[], before: () => readonly string[]): void {
  it("lets no other user of the host read what is in the lab's folder, but for what says nothing", async () => {
    const found = await asNobody(["find", labFolder, "-type", "f", "-readable"]);
    const files = found.split("\n").filter((line) => line.startsWith(`${labFolder}/`));
    const told = files.map((file) => file.slice(labFolder.length + 1));
    // Locks and dates; which guests run how fast here; libvirt's own settings, which its package has for all to read.
    const open =
      /^(?:[a-z-]+\.lock|kvm\.json|log\/[^/]*\.empty|toolchain\/.*|libvirt\/(?:etc|cache)\/.*|libvirt\/lib\/dnsmasq\/lab\.(?:conf|leases|hosts))$/;
    assert.deepEqual(
      told.filter((file) => !open.test(file)),
      [],
    );
    // What would be worth reading is there.
    const all = filesBelow(labFolder).map((file) => file.slice(labFolder.length + 1));
    for (const kind of [
      /\.ign$/,
      /\.qcow2$/,
      /-console\.log$/,
      /^Pulumi\.dev\.yaml$/,
      /^ssh\/id_ed25519$/,
      /^pulumi\//,
      /^log\//,
    ])
      assert.ok(
        all.some((file) => kind.test(file)),
        `${String(kind)} among ${all.length} files`,
      );
  });

  it("lets no other user use its libvirt, the monitors of machines, or the consoles", async () => {
    const enter = enterCommand(context);
    const outside = await asNobody(["find", labFolder, "-type", "s", "-writable"]);
    assert.deepEqual(
      outside.split("\n").filter((line) => line.startsWith(labFolder)),
      [],
    );
    assert.match(
      await asNobody(["virsh", "-c", "qemu:///system", "list"], enter),
      /Permission denied|denied|authentic/i,
    );
    for (const name of names) {
      const log = `/var/log/libvirt/qemu/${name}-console.log`;
      assert.equal(await inLab("stat", "-c", "%a %U", log), "600 root");
      assert.match(await asNobody(["cat", log], enter), /Permission denied/);
    }
    const pools = await asNobody(["sh", "-c", "cat /var/lib/libvirt/coreos-cluster/*/*"], enter);
    assert.match(pools, /Permission denied|No such file/);
  });

  it("writes snapshots that no other user can read", async () => {
    const folder = mkdtempSync(join(tmpdir(), "e2e-snapshot-"));
    chmodSync(folder, 0o755);
    const file = join(folder, "saved.db");
    try {
      const { exitCode, all } = await npm("cluster", "snapshot", "save", file);
      assert.equal(exitCode, 0, all);
      assert.match(await asNobody(["cat", file]), /Permission denied/);
      writeFileSync(join(folder, "open"), "open", { mode: 0o644 });
      assert.equal(await asNobody(["cat", join(folder, "open")]), "open", "the test itself would see it");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("listens nowhere on the host, and in its own network on no address that is everybody's", async () => {
    const now = await listeners();
    const more = now.filter((listener) => !before().includes(listener));
    assert.deepEqual(more.filter(isEverywhere), []);
    const inside = await listeners(enterCommand(context));
    assert.ok(
      inside.some((listener) => listener.startsWith("tcp 10.77.0.1:2379")),
      inside.join(),
    );
    assert.deepEqual(
      // A DHCP server is asked by those who have no address yet: its socket is bound to the bridge.
      inside.filter((listener) => isEverywhere(listener) && !/^udp 0\.0\.0\.0%br0:67$/.test(listener)),
      [],
    );
  });

  it("runs machines as a user without rights, without graphics and without a network port", async () => {
    const pids = qemus();
    assert.equal(pids.length, names.length);
    for (const pid of pids) {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const [, ...ids] = /^Uid:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)$/m.exec(status) ?? [];
      const { stdout } = await execa("id", ["-u", "libvirt-qemu"]);
      assert.deepEqual(ids, [stdout, stdout, stdout, stdout]);
      for (const kind of ["CapInh", "CapPrm", "CapEff", "CapAmb"])
        assert.match(status, new RegExp(`^${kind}:\\s+0+$`, "m"), `${kind} of ${pid}`);
      const words = argumentsOf(pid);
      assert.ok(
        !words.some((word) => /^(?:-vnc|-spice|-sdl)$|\bvnc=|\btcp:|\btelnet:/.test(word)),
        words.join(" "),
      );
      assert.ok(words.includes("-nographic") || words.includes("-display"), words.join(" "));
    }
    for (const name of names) {
      const xml = await inLab("virsh", "dumpxml", "--security-info", name);
      assert.doesNotMatch(xml, /<graphics|<video|type=['"]tcp['"]|<qemu:commandline/);
      assert.match(xml, /<console type=['"]pty['"]/);
    }
  });
}
