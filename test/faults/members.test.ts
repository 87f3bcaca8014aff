/**
 * A cluster of three real machines under a load of writes: machines lose their power, hang, are cut off, are slowed; the
 * DHCP server is away, a clock is wrong. Every member is healthy before and after, and every acknowledged write is there.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { accessInside } from "../../host/access.ts";
import { compare, takeSnapshot, type Things } from "../../host/snapshot.ts";
import { findDaemon } from "../../lab/libvirt/daemonControl.ts";
import { daemons } from "../../lab/libvirt/daemons.ts";
import { requireHolder } from "../../lab/libvirt/holder.ts";
import { enterCommand, labUp } from "../../lab/libvirt/index.ts";
import {
  becomesHealthy,
  context,
  health,
  healthy,
  inside,
  Load,
  members,
  type Member,
  npm,
  qemuOf,
  removeLab,
  tapOf,
} from "./guests.ts";
import { leader, others } from "./machines.ts";
import { describeFault, isShort, type Recover } from "./record.ts";

const minutes = 60_000;
/** Seconds that a fault lasts which is taken back: longer than an election, on an emulated machine too. */
const LASTS = 25;

interface Struck {
  readonly all: readonly Member[];
  readonly load: Load;
  readonly recover: Recover;
}

(isShort ? describe.skip : describe)("a cluster of real machines", function () {
  this.timeout(20 * minutes);
  let all: readonly Member[];
  let runs = 0;

  const things = async (): Promise<Things> =>
    (await takeSnapshot(accessInside("the lab", "qemu:///system", enterCommand(context)), { libvirt: true }))
      .things;

  before(async function () {
    this.timeout(60 * minutes); // on a machine where toolchain and image must be built
    await removeLab();
    await npm("start");
    all = await members();
  });
  after(() => removeLab());

  /** Runs a trial between two looks at the cluster's health and the host, under load. */
  const under =
    (work: (struck: Struck) => Promise<void>) =>
    async (recover: Recover): Promise<void> => {
      await becomesHealthy(all, 120);
      const before = await things();
      runs += 1;
      const load = new Load(all, `/faults/${runs}`);
      try {
        await load.goesOn(20, 60);
        await work({ all, load, recover });
        assert.deepEqual(await health(all), healthy(all));
        await load.goesOn(20, 60);
        const { acknowledged, unknown, read } = await load.endsWell();
        console.log(
          `        ${acknowledged} acknowledged, ${unknown} without an answer, ${read} reads: all there`,
        );
      } finally {
        load.kill();
      }
      const tapsApart = ({ part, thing }: { part: string; thing: string }): boolean =>
        part !== "logs" && !(part === "links" && thing.startsWith("vnet")) && !/\/domain-\d+-/.test(thing);
      assert.deepEqual(compare(before, await things()).filter(tapsApart), []);
      const taps = ({ links }: Things): number => links.filter((link) => link.startsWith("vnet")).length;
      assert.equal(taps(await things()), taps(before), "network devices of machines");
    };

  describeFault({ fault: "a member loses its power", recovery: "`npm start`" }, (trial) => {
    const cut = (which: (members: readonly Member[]) => Promise<Member>) =>
      under(async ({ load, recover }) => {
        process.kill(qemuOf((await which(all)).name), "SIGKILL");
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
        for (const { name } of all) process.kill(qemuOf(name), "SIGKILL");
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
          await inside("virsh", "--quiet", "suspend", name);
          await load.goesOn(20, 90);
          await sleep(LASTS * 1000);
          await inside("virsh", "--quiet", "resume", name);
          await recover(() => becomesHealthy(all, 180));
        }),
      );
      trial(
        "a follower, until npm start",
        under(async ({ load, recover }) => {
          const [follower = assert.fail()] = others(all, await leader(all));
          await inside("virsh", "--quiet", "suspend", follower.name);
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
          const tap = await tapOf((which === "leader" ? first : follower).name);
          await inside("ip", "link", "set", tap, "down");
          try {
            await load.goesOn(20, 90);
            await sleep(LASTS * 1000);
          } finally {
            await inside("ip", "link", "set", tap, "up");
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
        const tap = await tapOf((await leader(all)).name);
        // Not all kernels have netem; a narrow line with a long queue is slow, too, and loses packets.
        const slow = (...words: string[]) => inside("tc", "qdisc", "add", "dev", tap, "root", ...words);
        const [netem, narrow] = [
          "netem delay 300ms 100ms loss 5%",
          "tbf rate 48kbit burst 3000 latency 800ms",
        ];
        await slow(...netem.split(" ")).catch(() => slow(...narrow.split(" ")));
        await sleep(LASTS * 1000);
        await inside("tc", "qdisc", "del", "dev", tap, "root");
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
          const dnsmasq = daemons().find(({ name }) => name === "dnsmasq") ?? assert.fail();
          process.kill(findDaemon(dnsmasq, requireHolder(context.paths)) ?? assert.fail(), "SIGKILL");
          await inside("virsh", "--quiet", "reset", follower.name);
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
});
