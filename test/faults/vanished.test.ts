/** Somebody removes a cluster's things behind Pulumi's back. */
import { describeLeavingNothing } from "../support/leaks.ts";
import { describeFault } from "./record.ts";
import { deleteVolume, destroyAndUndefine } from "./strikes.ts";
import { makeSubject, PATIENCE, type Subject, tokens } from "./subject.ts";
import { type Place, POOLS } from "../integration/program/support.ts";

const PREFIX = "g-core";
const NAMES = [`${PREFIX}01`, `${PREFIX}02`] as const;
const [ONE] = NAMES;

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
  { fault: "a machine is destroyed and undefined", remove: (place) => destroyAndUndefine(ONE, place.virsh) },
  {
    fault: "all machines are destroyed and undefined",
    remove: async (place) => {
      for (const name of NAMES) await destroyAndUndefine(name, place.virsh);
    },
  },
  {
    fault: "a disk is deleted under a machine that runs",
    remove: (place) => deleteVolume(PREFIX, /01-.*\.qcow2$/, place.virsh),
    short: true,
  },
  {
    fault: "a disk is deleted, its machine is off",
    remove: async (place) => {
      await place.virsh("destroy", ONE);
      await deleteVolume(PREFIX, /01-.*\.qcow2$/, place.virsh);
    },
  },
  {
    fault: "an Ignition file is deleted",
    remove: (place) => deleteVolume(PREFIX, /01-.*\.ign$/, place.virsh),
  },
  { fault: "the base volume is deleted", remove: (place) => deleteVolume(PREFIX, /^base-/, place.virsh) },
  {
    fault: "a machine is gone with its disk and its Ignition file",
    remove: async (place) => {
      await destroyAndUndefine(ONE, place.virsh);
      await deleteVolume(PREFIX, /01-.*\.qcow2$/, place.virsh);
      await deleteVolume(PREFIX, /01-.*\.ign$/, place.virsh);
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
      for (const name of NAMES) await destroyAndUndefine(name, place.virsh);
      await place.virsh("pool-destroy", PREFIX);
      await place.virsh("pool-undefine", PREFIX);
      await place.inside("rm", "-r", `${POOLS}/${PREFIX}`);
    },
  },
];

describeLeavingNothing("things that vanish", function () {
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
