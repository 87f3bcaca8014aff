/** A cluster of real machines that grows and shrinks under a load of writes, also when `pulumi up` is killed in the middle. */
import assert from "node:assert/strict";
import { becomesHealthy, describeLong, endLab, type Member, members, newCluster, npm } from "./guests.ts";
import { domainIds, endedWhen } from "./machines.ts";
import { describeFault, type Recover } from "./record.ts";
import { Load } from "./underLoad.ts";

const minutes = 60_000;
const set = async (nodes: number): Promise<void> => {
  await npm("cluster", "exec", "pulumi", "config", "set", "nodes", String(nodes));
};

describeLong("a cluster of real machines that grows and shrinks", function () {
  this.timeout(30 * minutes);
  let first: readonly Member[];
  let runs = 0;

  before(async function () {
    this.timeout(60 * minutes); // on a machine where toolchain and image must be built
    first = await newCluster();
    await npm("cluster", "exec", "pulumi", "config", "set", "bootstrapSize", String(first.length));
    await npm("cluster", "exec", "pulumi", "preview", "--expect-no-changes");
  });
  after(() => endLab());

  /** Under load at those that stay: they stay the same machines, healthy, and all that was acknowledged is read at each member. */
  const under =
    (nodes: number, work: (load: Load) => Promise<void>) =>
    async (recover: Recover): Promise<void> => {
      const machines = await domainIds(first);
      const load = new Load(first, `/growth/${(runs += 1)}`);
      try {
        await load.goesOn(20, 60);
        await work(load);
        await recover(() => npm("start"));
        await load.goesOn(20, 60);
        const now = await members();
        assert.equal(now.length, nodes);
        await becomesHealthy(now, 120);
        const { acknowledged, unknown, read } = await load.endsWell();
        console.log(
          `        ${acknowledged} acknowledged, ${unknown} without an answer, ${read} reads: all there`,
        );
      } finally {
        load.kill();
      }
      assert.deepEqual(await domainIds(first), machines);
      await npm("cluster", "exec", "pulumi", "preview", "--expect-no-changes");
    };

  /** Runs `pulumi up`, and ends it when its output says so and `later` milliseconds after that. */
  const killed = (when: RegExp, later: number): Promise<void> =>
    endedWhen(
      ["exec", "pulumi", "up", "--yes", "--skip-preview"],
      "SIGKILL",
      (said) => when.test(said),
      later,
    );

  describeFault({ fault: "a cluster grows and shrinks under load", recovery: "`npm start`" }, (trial) => {
    trial(
      "from 3 to 5",
      under(5, () => set(5)),
    );
    trial(
      "from 5 to 3, two at once",
      under(3, () => set(3)),
    );
  });

  describeFault({ fault: "`pulumi up` is killed while a member joins", recovery: "`npm start`" }, (trial) => {
    const dies = (when: RegExp, later: number) =>
      under(4, async () => {
        await set(4);
        await killed(when, later);
      });
    trial("when it is on the list", dies(/listed as/, 0));
    trial(
      "back to 3",
      under(3, () => set(3)),
    );
    trial("while its machine boots", dies(/waits for its machine/, 10_000));
  });

  describeFault(
    { fault: "`pulumi up` is killed while a member leaves", recovery: "`npm start`" },
    (trial) => {
      trial(
        "when it has left the list",
        under(3, async () => {
          await set(3);
          await killed(/core04-membership delet/, 500);
        }),
      );
    },
  );
});
