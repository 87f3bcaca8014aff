/**
 * Faults in an order that is drawn, one or two at once, on one cluster of real machines under a load of writes. After each step every
 * member is healthy, the lab is as it was, and what was acknowledged in it is there; in the end, what was acknowledged in any of them.
 *
 * FAULT_SEED draws the same ones again; FAULT_STEPS says how many.
 */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describeStep, drawSteps, hasQuorum, type Kind, MEMBERS, type Step, type Strike } from "./drawn.ts";
import {
  becomesHealthy,
  context,
  describeLong,
  endLab,
  inside,
  type Member,
  newCluster,
  npm,
} from "./guests.ts";
import { endedWhen } from "./machines.ts";
import { describeFault, type Recover } from "./record.ts";
import {
  cutOff,
  cutPower,
  deleteVolume,
  destroyAndUndefine,
  killDaemon,
  reset,
  slowDown,
  suspend,
  type TakeBack,
} from "./strikes.ts";
import { type Load, underLoad } from "./underLoad.ts";

const minutes = 60_000;
const seed = Number(process.env["FAULT_SEED"] ?? randomInt(2 ** 31));
const steps = drawSteps(seed, Number(process.env["FAULT_STEPS"] ?? 10));
const POOL = "dev-core";

const isTakeBack = (answer: unknown): answer is TakeBack => typeof answer === "function";

describeLong(`faults in the order of FAULT_SEED=${seed} FAULT_STEPS=${steps.length}`, function () {
  this.timeout(20 * minutes);
  let all: readonly Member[];
  let folder: string;
  const loads: Load[] = [];

  before(async function () {
    this.timeout(60 * minutes); // on a machine where toolchain and image must be built
    folder = mkdtempSync(join(tmpdir(), "drawn-order-"));
    all = await newCluster();
    assert.deepEqual(
      all.map(({ name }) => name),
      MEMBERS,
    );
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await endLab();
  });

  const virsh = async (...words: string[]): Promise<void> => {
    await inside("virsh", "--quiet", ...words);
  };
  /** What is done for each kind of strike; the name is empty where it is not about one member. */
  const ways: Readonly<Record<Kind, (name: string) => Promise<unknown>>> = {
    power: (name) => cutPower(name),
    off: (name) => virsh("destroy", name),
    gone: (name) => destroyAndUndefine(name),
    undefined: (name) => virsh("undefine", name),
    suspended: suspend,
    apart: cutOff,
    slow: slowDown,
    rebooted: reset,
    disk: async (name) => {
      await cutPower(name);
      await deleteVolume(POOL, new RegExp(`^${name}-.*\\.qcow2$`));
    },
    ignition: (name) => deleteVolume(POOL, new RegExp(`^${name}-.*\\.ign$`)),
    everybody: () => cutPower(...MEMBERS),
    paused: async () => {
      await npm("cluster", "pause");
      await npm("cluster", "resume");
    },
    base: () => deleteVolume(POOL, /^base-/),
    libvirtd: () => killDaemon(context, "libvirtd"),
    dhcp: () => killDaemon(context, "dnsmasq"),
    registry: () => killDaemon(context, "registry"),
    snapshot: async () => {
      const file = join(folder, `${loads.length}.db`);
      await npm("cluster", "snapshot", "save", file);
      await npm("cluster", "snapshot", "status", file);
    },
  };

  /** Strikes, in this order. @returns what takes the strikes back that have to be before anything else is done. */
  async function strike(strikes: readonly Strike[], resumes: boolean): Promise<TakeBack[]> {
    const back: TakeBack[] = [];
    for (const { kind, member = "" } of strikes) {
      const taken = await ways[kind](member);
      // `npm start` resumes machines that are suspended, too.
      if (isTakeBack(taken) && (resumes || kind !== "suspended")) back.push(taken);
    }
    return back;
  }

  async function recovers({ recovery, strikes }: Step, recover: Recover): Promise<void> {
    if (recovery.kind === "killed") {
      const struck = await endedWhen(["start"], "SIGKILL", () => true, recovery.after * 1000).then(
        () => true,
        (error: unknown) => {
          assert.match(String(error), /it ended before it could be struck/);
          return false;
        },
      );
      console.log(`        npm start ${struck ? "was killed" : "had ended before"}`);
    }
    await recover(async () => {
      if (recovery.kind === "itself") await becomesHealthy(all, 240);
      else if (recovery.kind === "replace")
        for (const { member = "" } of strikes) await npm("cluster", "replace", member);
      else await npm("start");
    });
  }

  describeFault(
    {
      fault: "faults in drawn orders, one or two at once",
      recovery: "`npm start`, `replace`, or nothing",
    },
    (trial) => {
      steps.forEach((step, index) => {
        trial(`${index + 1}: ${describeStep(step)}`, async (recover) => {
          const load = await underLoad(all, `/drawn/${seed}/${index}`, async (writes) => {
            const back = await strike(step.strikes, step.recovery.kind === "itself");
            if (hasQuorum(step.strikes)) await writes.goesOn(20, 90);
            await sleep(step.lasts * 1000);
            for (const take of back.toReversed()) await take();
            await recovers(step, recover);
          });
          loads.push(load);
          await npm("cluster", "exec", "pulumi", "preview", "--expect-no-changes", "--non-interactive");
        });
      });
      trial("what was acknowledged in any step is there in the end", async () => {
        assert.equal(loads.length, steps.length, "a step did not hold");
        for (const load of loads) await load.isStillThere("together");
      });
    },
  );
});
