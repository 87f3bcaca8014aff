/** Runs that meet: on one stack, and on one host. */
import { deepEqual, match, notEqual } from "node:assert/strict";
import { destroy, up } from "../../commands/lab/pulumi.ts";
import { describeLeavingNothing } from "../support/leaks.ts";
import { describeFault } from "./record.ts";
import { strikeAt } from "./interrupt.ts";
import { makeSubject, PATIENCE, type Subject, tokens } from "./subject.ts";

const quiet = (): void => undefined;
const REFUSED = /another pulumi .* is at work on stack|the stack is currently locked/;

describeLeavingNothing("runs at the same time", function () {
  this.timeout(PATIENCE);
  let one: Subject;
  let other: Subject;

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    one = await makeSubject({ prefix: "a-core" }, { name: "one" });
    other = await makeSubject({ prefix: "b-core" }, { name: "other", place: one.place });
  });
  after(() => one.place.remove());

  /** Of runs on one stack each ends well or is refused, and not all are. */
  async function oneEndsWell(...runs: readonly Promise<unknown>[]): Promise<void> {
    const ended = await Promise.allSettled(runs);
    const refused = ended.filter((run) => run.status === "rejected");
    for (const { reason } of refused) match(String(reason), REFUSED);
    notEqual(refused.length, runs.length, "nobody got through");
  }

  describeFault(
    { fault: "two runs on one stack at once", recovery: "nothing: one of them is refused" },
    (trial) => {
      for (const offset of [0, 1500, 4000])
        trial(`two ups, the second ${offset / 1000} s later`, async () => {
          const session = one.stack.session;
          const later = new Promise((resolve) => setTimeout(resolve, offset));
          await oneEndsWell(
            up(session, quiet),
            later.then(() => up(session, quiet)),
          );
          await one.sound();
          await tokens(one.place, 1);
          await one.end();
        });
      trial("two ups by pulumi itself", async () => {
        await oneEndsWell(one.stack.pulumi("up"), one.stack.pulumi("up"));
        await one.sound();
        await one.end();
      });
      trial("an up and a destroy", async () => {
        await one.mend();
        const session = one.stack.session;
        await oneEndsWell(up(session, quiet), destroy(session, quiet));
        await one.mend();
        await one.sound();
        await one.end();
      });
    },
  );

  describeFault(
    { fault: "two stacks on one host at once", recovery: "nothing: they share nothing" },
    (trial) => {
      trial(
        "come up side by side, and go side by side",
        async () => {
          await Promise.all([one.stack.pulumi("up"), other.stack.pulumi("up")]);
          // One after the other: each would see the other's look at the host as a process that stayed.
          await one.sound();
          await other.sound();
          await tokens(one.place, 2);
          await Promise.all([one.destroy(), other.destroy()]);
          await one.clean();
        },
        { short: true },
      );
      trial("one is destroyed while the other comes up", async () => {
        await one.stack.pulumi("up");
        await Promise.all([one.stack.pulumi("destroy"), other.stack.pulumi("up")]);
        await other.sound();
        await other.end();
      });
      trial("one is killed while the other comes up", async (recover) => {
        const killed = strikeAt(one.stack, "up", { line: 12, delay: 0 }, (group) => {
          process.kill(-group, "SIGKILL");
        });
        await Promise.all([killed, other.stack.pulumi("up")]);
        await recover(() => one.mend());
        await Promise.all([one.sound(), other.sound()]);
        const uuids = await one.place.virsh("list", "--uuid", "--name");
        await one.destroy();
        await other.sound();
        deepEqual(
          (await one.place.virsh("list", "--uuid", "--name")).trim().split("\n"),
          uuids
            .trim()
            .split("\n")
            .filter((line) => line.includes("b-core")),
        );
        await other.destroy();
        await one.clean();
      });
    },
  );
});
