/** Somebody removes a cluster's things behind Pulumi's back. */
import { equal } from "node:assert/strict";
import { describeFault } from "./record.ts";
import { makeSubject, PATIENCE, type Subject, tokens } from "./subject.ts";
import { type Place, POOLS } from "../integration/program/support.ts";

const PREFIX = "g-core";
const NAMES = [`${PREFIX}01`, `${PREFIX}02`] as const;
const [ONE] = NAMES;

/** The one volume in the pool whose name matches. */
async function volume(place: Place, name: RegExp): Promise<string> {
  const names = (await place.virsh("vol-list", PREFIX))
    .split("\n")
    .map((line) => line.trim().split(/\s+/)[0] ?? "");
  const found = names.filter((each) => name.test(each));
  equal(found.length, 1, `${String(name)}: ${names.join(" ")}`);
  return found[0] ?? "";
}

const deleteVolume = async (place: Place, name: RegExp): Promise<void> => {
  await place.virsh("vol-delete", await volume(place, name), "--pool", PREFIX);
};

const remove = async (place: Place, name: string): Promise<void> => {
  await place.virsh("destroy", name);
  await place.virsh("undefine", name);
};

interface Row {
  readonly fault: string;
  readonly remove: (place: Place) => Promise<unknown>;
  readonly short?: boolean;
  /** Whether files are left that nobody can know to be the cluster's any more. */
  readonly orphaned?: boolean;
}

const TABLE: readonly Row[] = [
  { fault: "a machine is switched off", remove: (place) => place.virsh("destroy", ONE) },
  { fault: "a machine is suspended", remove: (place) => place.virsh("suspend", ONE) },
  { fault: "a machine is undefined, and runs on", remove: (place) => place.virsh("undefine", ONE) },
  { fault: "a machine is destroyed and undefined", remove: (place) => remove(place, ONE) },
  {
    fault: "all machines are destroyed and undefined",
    remove: async (place) => {
      for (const name of NAMES) await remove(place, name);
    },
  },
  {
    fault: "a disk is deleted under a machine that runs",
    remove: (place) => deleteVolume(place, /01-.*\.qcow2$/),
    short: true,
  },
  {
    fault: "a disk is deleted, its machine is off",
    remove: async (place) => {
      await place.virsh("destroy", ONE);
      await deleteVolume(place, /01-.*\.qcow2$/);
    },
  },
  { fault: "an Ignition file is deleted", remove: (place) => deleteVolume(place, /01-.*\.ign$/) },
  { fault: "the base volume is deleted", remove: (place) => deleteVolume(place, /^base-/) },
  {
    fault: "a machine is gone with its disk and its Ignition file",
    remove: async (place) => {
      await remove(place, ONE);
      await deleteVolume(place, /01-.*\.qcow2$/);
      await deleteVolume(place, /01-.*\.ign$/);
    },
  },
  { fault: "the pool is stopped", remove: (place) => place.virsh("pool-destroy", PREFIX) },
  {
    fault: "the pool is undefined, its files stay",
    orphaned: true,
    remove: async (place) => {
      await place.virsh("pool-destroy", PREFIX);
      await place.virsh("pool-undefine", PREFIX);
    },
  },
  {
    fault: "the pool's folder is emptied",
    remove: (place) => place.inside("sh", "-c", `rm ${POOLS}/${PREFIX}/*`),
  },
  {
    fault: "everything is gone: machines, pool, files",
    remove: async (place) => {
      for (const name of NAMES) await remove(place, name);
      await place.virsh("pool-destroy", PREFIX);
      await place.virsh("pool-undefine", PREFIX);
      await place.inside("rm", "-r", `${POOLS}/${PREFIX}`);
    },
  },
];

describe("things that vanish", function () {
  this.timeout(PATIENCE);
  let subject: Subject;

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    subject = await makeSubject({ prefix: PREFIX });
  });
  after(() => subject.place.remove());

  for (const { fault, remove: strike, short = false, orphaned = false } of TABLE)
    describeFault({ fault, recovery: "`npm start`, and `npm stop`" }, (trial) => {
      trial(
        "is made again by up",
        async (recover) => {
          await subject.mend();
          await subject.sound();
          await strike(subject.place);
          await recover(() => subject.mend());
          await subject.sound();
          await tokens(subject.place, 1);
          await subject.end();
        },
        { short },
      );
      if (orphaned) return;
      trial("leaves nothing behind a destroy", async (recover) => {
        await subject.mend();
        await strike(subject.place);
        await recover(() => subject.end());
      });
    });
});
