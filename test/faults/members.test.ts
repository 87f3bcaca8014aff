/**
 * A cluster of three real machines under a load of writes: machines lose their power, hang, are cut off, are slowed; the
 * DHCP server is away, a clock is wrong. Every member is healthy before and after, and every acknowledged write is there.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { labUp } from "../../lab/libvirt/index.ts";
import {
  becomesHealthy,
  context,
  describeLong,
  endLab,
  health,
  healthy,
  inside,
  type Member,
  members,
  newCluster,
  npm,
} from "./guests.ts";
import { leader, others } from "./machines.ts";
import { describeFault, type Recover } from "./record.ts";
import { cutOff, cutPower, deleteVolume, killDaemon, reset, slowDown, suspend } from "./strikes.ts";
import { type Load, underLoad } from "./underLoad.ts";

const minutes = 60_000;
/** Seconds that a fault lasts which is taken back: longer than an election, on an emulated machine too. */
const LASTS = 25;

interface Struck {
  readonly all: readonly Member[];
  readonly load: Load;
  readonly recover: Recover;
}

describeLong("a cluster of real machines", function () {
  this.timeout(20 * minutes);
  let all: readonly Member[];
  let runs = 0;

  before(async function () {
    this.timeout(60 * minutes); // on a machine where toolchain and image must be built
    all = await newCluster();
  });
  after(() => endLab());

  /** Runs a trial between two looks at the cluster's health and the host, under load. */
  const under =
    (work: (struck: Struck) => Promise<void>) =>
    async (recover: Recover): Promise<void> => {
      runs += 1;
      await underLoad(all, `/faults/${runs}`, (load) => work({ all, load, recover }));
    };

  describeFault({ fault: "a member loses its power", recovery: "`npm start`" }, (trial) => {
    const cut = (which: (members: readonly Member[]) => Promise<Member>) =>
      under(async ({ load, recover }) => {
        await cutPower((await which(all)).name);
        await load.goesOn(20, 90); // two of three are a majority
        await recover(() => npm("start"));
      });
    trial("the leader", cut(leader));
    trial(
      "a follower",
      cut(async (known) => others(known, await leader(known))[0] ?? assert.fail()),
    );
  });

  describeFault({ fault: "all members lose their power at once", recovery: "`npm start`" }, (trial) => {
    trial(
      "what was written before is there",
      under(async ({ recover }) => {
        await cutPower(...all.map(({ name }) => name));
        await recover(() => npm("start"));
      }),
    );
  });

  describeFault(
    { fault: "a member is suspended", recovery: "`npm start`, or it goes on by itself" },
    (trial) => {
      trial(
        "the leader, until it is resumed",
        under(async ({ load, recover }) => {
          const { name } = await leader(all);
          const resume = await suspend(name);
          await load.goesOn(20, 90);
          await sleep(LASTS * 1000);
          await resume();
          await recover(() => becomesHealthy(all, 180));
        }),
      );
      trial(
        "a follower, until npm start",
        under(async ({ load, recover }) => {
          const [follower = assert.fail()] = others(all, await leader(all));
          await suspend(follower.name);
          await load.goesOn(20, 90);
          await recover(() => npm("start"));
        }),
      );
    },
  );

  describeFault(
    { fault: "a member is cut off from the network", recovery: "nothing: it finds its way back" },
    (trial) => {
      const apart = (which: "leader" | "follower") =>
        under(async ({ load, recover }) => {
          const first = await leader(all);
          const [follower = assert.fail()] = others(all, first);
          const join = await cutOff((which === "leader" ? first : follower).name);
          try {
            await load.goesOn(20, 90);
            await sleep(LASTS * 1000);
          } finally {
            await join();
          }
          await recover(() => becomesHealthy(all, 180));
        });
      trial("the leader", apart("leader"));
      trial("a follower", apart("follower"));
    },
  );

  describeFault({ fault: "a member's network is slow", recovery: "nothing: it catches up" }, (trial) => {
    trial(
      "the leader's",
      under(async ({ load, recover }) => {
        const back = await slowDown((await leader(all)).name);
        await sleep(LASTS * 1000);
        await back();
        await load.goesOn(20, 90);
        await recover(() => becomesHealthy(all, 180));
      }),
    );
  });

  describeFault(
    { fault: "the DHCP server is away while a member is rebooted", recovery: "`npm start`" },
    (trial) => {
      trial(
        "the member gets its address back",
        under(async ({ load, recover }) => {
          const [, follower = assert.fail()] = others(all, await leader(all));
          await killDaemon(context, "dnsmasq");
          await reset(follower.name);
          await load.goesOn(20, 90);
          await sleep(2 * LASTS * 1000);
          await recover(async () => {
            await labUp(context);
            await becomesHealthy(all, 300);
          });
        }),
      );
    },
  );

  describeFault(
    { fault: "a member's clock is wrong", recovery: "nothing: members don't trust clocks" },
    (trial) => {
      for (const by of ["+3 hours", "-2 days"])
        trial(
          `by ${by}`,
          under(async ({ load }) => {
            const { name } = await leader(all);
            const clock = (...words: string[]) => npm("cluster", "ssh", name, "sudo", "date", ...words);
            await clock(`--set='${by}'`);
            try {
              await load.goesOn(60, 120);
              await sleep(LASTS * 1000);
            } finally {
              await clock(`--set=@${Math.round(Date.now() / 1000)}`);
            }
            await becomesHealthy(all, 120);
          }),
        );
    },
  );

  describeFault(
    {
      fault: "the disks of a majority are deleted under members that run",
      recovery: "`snapshot save`, `npm stop`, `npm start`, `restore`",
    },
    (trial) => {
      trial("nothing is taken down, and the data are there in the end", async (recover) => {
        const folder = mkdtempSync(join(tmpdir(), "disks-"));
        const etcdctl = async (...words: string[]): Promise<string> =>
          (
            await inside("env", "ETCDCTL_API=3", "etcdctl", "--endpoints", all[0]?.url ?? "", ...words)
          ).trim();
        try {
          await etcdctl("put", "/faults/disks", "kept");
          for (const { name } of all.slice(1))
            await deleteVolume("dev-core", new RegExp(`^${name}-.*\\.qcow2$`));
          await assert.rejects(npm("start"), /dev-core02, dev-core03 run on disks that somebody deleted/);
          assert.deepEqual(await health(all), healthy(all));
          await recover(async () => {
            await npm("cluster", "snapshot", "save", join(folder, "kept.db"));
            await npm("stop");
            await npm("start");
            await npm("cluster", "restore", join(folder, "kept.db"), "--yes");
          });
          all = await members();
          await becomesHealthy(all, 120);
          assert.equal(await etcdctl("get", "/faults/disks", "--print-value-only"), "kept");
        } finally {
          rmSync(folder, { recursive: true });
        }
      });
    },
  );
});
