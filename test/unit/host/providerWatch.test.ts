import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endingWithUs, processes, ProviderWatch, providersOf } from "../../../host/providerWatch.ts";

const row = (pid: number, parent: number, program: string) => ({ pid, parent, program });

describe("the watch over the libvirt provider", () => {
  const provider = "terraform-provider-libvirt_v0.8.3";
  const all = [
    row(1, 0, "init"),
    row(10, 1, "pulumi"),
    row(11, 10, "pulumi-language-nodejs"),
    row(12, 11, "node"),
    row(13, 10, "pulumi-resource-terraform-provider"),
    row(14, 13, provider),
    // Another run beside it.
    row(20, 1, "pulumi"),
    row(21, 20, "pulumi-resource-terraform-provider"),
    row(22, 21, provider),
    // One that a killed run left.
    row(30, 1, provider),
  ];

  it("finds the provider of its own run, and no other", () => {
    deepEqual(providersOf(all, 12), [14]);
    deepEqual(providersOf(all, 21), [22]);
  });

  it("finds none where there is no run above it, and where the list goes in circles", () => {
    deepEqual(providersOf(all, 30), []);
    deepEqual(providersOf(all, 99), []);
    deepEqual(providersOf([row(5, 6, "a"), row(6, 5, "b"), row(7, 5, provider)], 5), []);
  });

  it("knows the processes of this machine by their programs", () => {
    const self = processes().find(({ pid }) => pid === process.pid);
    equal(self?.parent, process.ppid);
    ok(self.program.startsWith("node"), self.program);
  });

  /** A command that says this once the file is there, as virsh does when its connection is lost. */
  const saying = (file: string, text: string) => (): string[] => [
    ...["sh", "-c", 'while [ ! -e "$0" ]; do sleep 0.02; done; echo "$1" >&2', file, text],
  ];

  describe("when a connection is lost", () => {
    const GRACE = 150;
    const DISCONNECTED = "error: Disconnected from qemu:///system due to end of file";
    let folder: string;
    let ended: number[];
    let told: string[];
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "watch-"));
      [ended, told] = [[], []];
    });
    afterEach(() => {
      rmSync(folder, { recursive: true });
    });

    const watching = (text: string, written: () => number = () => 0): ProviderWatch =>
      new ProviderWatch((message) => told.push(message), {
        ...{ grace: GRACE, find: () => [7], written, keep: saying(join(folder, "lost"), text) },
        end: (pid) => ended.push(pid),
      });
    const lose = async (rounds = 1): Promise<void> => {
      writeFileSync(join(folder, "lost"), "");
      await sleep(rounds * GRACE + 200);
    };

    it("ends the provider that is still at what it was at, and says so", async () => {
      watching(DISCONNECTED).begins("qemu:///system", "urn:base");
      await lose();
      deepEqual(ended, [7]);
      match(told.join(), /The connection to libvirt at qemu:\/\/\/system was lost in the middle of the run/);
    });

    it("leaves one alone that has made it, or failed, within the time that it has", async () => {
      const watch = watching(DISCONNECTED);
      watch.begins("qemu:///system", "urn:base");
      const lost = lose(2);
      await sleep(GRACE / 2);
      watch.settled("urn:base");
      await lost;
      deepEqual([ended, told], [[], []]);
    });

    it("leaves one alone that is at nothing, or began with it later", async () => {
      const watch = watching(DISCONNECTED);
      watch.begins("qemu:///system", "urn:base");
      watch.settled("urn:base");
      const lost = lose(2);
      await sleep(GRACE / 2);
      rmSync(join(folder, "lost")); // it is there again
      watch.begins("qemu:///system", "urn:disk");
      await lost;
      writeFileSync(join(folder, "lost"), ""); // lets it end
      watch.settled("urn:disk");
      deepEqual([ended, told], [[], []]);
    });

    it("waits while it goes on writing: then it was our own connection alone", async () => {
      let [bytes, rounds] = [0, 0];
      watching(DISCONNECTED, () => (rounds++ < 3 ? (bytes += 2 ** 20) : bytes)).begins("qemu:///system", "u");
      await lose();
      deepEqual(ended, []);
      await sleep(4 * GRACE);
      deepEqual(ended, [7]);
    });

    it("does nothing where there was no connection from the beginning", async () => {
      watching("error: failed to connect to the hypervisor").begins("qemu:///system", "urn:base");
      await lose();
      deepEqual([ended, told], [[], []]);
    });
  });

  it("leaves no process behind when the program is killed", async function () {
    if (process.platform !== "linux") this.skip();
    const program = `import { spawn } from "node:child_process";
      const [file, ...args] = ${JSON.stringify(endingWithUs("sleep", "600"))};
      console.log(spawn(file, args).pid);
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    // Until setpriv has become what it starts, nothing ends it.
    while (processes().find((row) => row.pid === pid)?.program !== "sleep") await sleep(10);
    child.kill("SIGKILL");
    await once(child, "close");
    for (let left = 100; left > 0 && existsSync(`/proc/${pid}`); left--) await sleep(20);
    ok(!existsSync(`/proc/${pid}`));
  });
});
