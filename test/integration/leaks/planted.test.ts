/** The check for what suites leave behind sees a planted thing of each kind, and nothing when it is gone again. */
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  clusterThings,
  machineIsAsItWas,
  type Picture,
  pictureOfLab,
  pictureOfMachine,
  runFolder,
} from "../../support/leaks.ts";
import { differences } from "../../support/picture.ts";
import { makePlace, type Place } from "../program/support.ts";
import { inLab as runIn, PLANTED } from "./planted.ts";

describe("what a suite leaves behind", function () {
  this.timeout(5 * 60_000);
  let place: Place;
  let asItWas: Picture;

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    place = await makePlace();
    await pictureOfLab(place.context); // what virsh itself makes on its first run
    asItWas = await pictureOfLab(place.context);
  });
  after(() => place.remove());

  const inLab = (script: string): Promise<string> => runIn(place, script);
  const found = async (): Promise<string[]> => differences(asItWas, await pictureOfLab(place.context));

  it("is nothing on a lab that nobody touched", async () => {
    deepEqual(await found(), []);
  });

  for (const { what, make, remove, seen, isClusters = false } of PLANTED)
    it(`is seen on a lab: ${what}`, async () => {
      await inLab(make);
      const now = await pictureOfLab(place.context);
      const left = differences(asItWas, now);
      for (const pattern of seen) match(left.join("\n"), new RegExp(pattern.source, "m"));
      equal(clusterThings(now).length > 0, isClusters);
      await inLab(remove);
      deepEqual(await found(), []);
    });

  it("is seen on a device that was there: that it is up, and a port of a bridge", async () => {
    await inLab("ip tuntap add left0 mode tap");
    const there = await pictureOfLab(place.context);
    await inLab("ip link set left0 master br0 up");
    const told = differences(there, await pictureOfLab(place.context));
    await inLab("ip link delete left0");
    deepEqual(
      told.filter((line) => / left0 (?:up|master):/.test(line)),
      ["left: devices left0 master:br0", "left: devices left0 up:yes", "gone: devices left0 up:no"],
    );
    deepEqual(await found(), []);
  });

  it("is seen when a thing is gone that was there", async () => {
    await inLab("touch /var/lib/libvirt/there");
    const there = await pictureOfLab(place.context);
    await inLab("rm /var/lib/libvirt/there");
    deepEqual(differences(there, await pictureOfLab(place.context)), ["gone: files /var/lib/libvirt/there"]);
  });

  describe("is seen on this machine", () => {
    let machine: Picture;
    before(async () => {
      machine = await pictureOfMachine([runFolder]);
    });
    const leftHere = async (...marks: string[]): Promise<string[]> =>
      differences(machine, await pictureOfMachine([runFolder, ...marks]));
    const ended = async (child: ChildProcess): Promise<void> => {
      child.kill("SIGKILL");
      await once(child, "close");
    };

    it("nothing, where nothing is left", async () => {
      deepEqual(await leftHere(), []);
    });

    it("a temporary file", async () => {
      const file = join(runFolder, "left");
      writeFileSync(file, "");
      deepEqual(await leftHere(), [`left: temporary ${file}`]);
      rmSync(file);
      deepEqual(await leftHere(), []);
    });

    it("a file in the checkout", async () => {
      const file = join(import.meta.dirname, "left-by-a-test");
      writeFileSync(file, "");
      try {
        deepEqual(await leftHere(), ["left: checkout ?? test/integration/leaks/left-by-a-test"]);
        await rejects(machineIsAsItWas(machine, 0), /left-by-a-test/);
      } finally {
        rmSync(file);
      }
      await machineIsAsItWas(machine, 0);
    });

    it("a process that the run started, also one without an environment or with a lab of another folder", async () => {
      const folder = join(runFolder, "other");
      const mark = join(runFolder, "..", `lab of ${process.pid}`);
      mkdirSync(folder);
      const inherits = spawn("sleep", ["1001"], { stdio: "ignore" });
      const named = spawn("sh", ["-c", "sleep 1002; :", folder], { stdio: "ignore", env: {} });
      const marked = spawn("sh", ["-c", "sleep 1003; :", mark], { stdio: "ignore", env: {} });
      const stranger = spawn("sleep", ["1004"], { stdio: "ignore", env: {} });
      rmSync(folder, { recursive: true });
      try {
        const left = (await leftHere(mark)).filter((line) => /100\d/.test(line));
        equal(left.length, 3, left.join("\n"));
        match(left.join("\n"), /^left: processes sleep 1001$/m);
        match(left.join("\n"), /1002.*other/);
        match(left.join("\n"), /1003.*lab of/);
      } finally {
        await Promise.all([inherits, named, marked, stranger].map(ended));
      }
    });
  });
});
