/** libvirtd ends in the middle of a run, as by a crash or an upgrade of its package; the machines run on without it. */
import { equal } from "node:assert/strict";
import { labUp } from "../../lab/libvirt/index.ts";
import { describeFault } from "./record.ts";
import { type Point, pointsOf, strikeAt } from "./interrupt.ts";
import { makeSubject, PATIENCE, type Subject, tokens } from "./subject.ts";

const POINTS = 5;

describe("libvirtd ends", function () {
  this.timeout(PATIENCE);
  let subject: Subject;
  let points: Readonly<Record<"up" | "destroy", readonly Point[]>>;

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    subject = await makeSubject({ prefix: "v-core" });
    points = await pointsOf(subject.stack, POINTS);
  });
  after(() => subject.place.remove());

  for (const verb of ["up", "destroy"] as const)
    for (const back of [false, true])
      describeFault(
        {
          fault: `libvirtd is ${back ? "killed and started again" : "killed"} during \`pulumi ${verb}\``,
          recovery: `\`${verb === "up" ? "npm start" : "npm stop"}\``,
        },
        (trial) => {
          for (let index = 0; index < POINTS; index += 1)
            trial(
              `at point ${index + 1} of ${POINTS}`,
              async (recover) => {
                if (verb === "destroy") await subject.mend();
                const point = points[verb][index] ?? { line: 0, delay: 0 };
                await strikeAt(subject.stack, verb, point, async () => {
                  await subject.kill("libvirtd");
                  if (back) await labUp(subject.place.context);
                });
                if (verb === "up") {
                  await recover(() => subject.mend());
                  await subject.sound();
                  await tokens(subject.place, 1);
                  await subject.end();
                } else await recover(() => subject.end());
              },
              { short: false },
            );
        },
      );

  describeFault({ fault: "libvirtd is killed while nothing is done", recovery: "`npm start`" }, (trial) => {
    trial("the machines run on, and are known again", async (recover) => {
      await subject.mend();
      const before = await subject.place.virsh("list", "--uuid");
      await subject.kill("libvirtd");
      await recover(() => subject.mend());
      equal(await subject.place.virsh("list", "--uuid"), before);
      await subject.sound();
      await subject.end();
    });
  });
});
