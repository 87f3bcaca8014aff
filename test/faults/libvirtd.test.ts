/** libvirtd ends in the middle of a run, as by a crash or an upgrade of its package; the machines run on without it. */
import { equal } from "node:assert/strict";
import { labUp } from "../../lab/libvirt/index.ts";
import { describeLeavingNothing } from "../support/leaks.ts";
import { describeFault } from "./record.ts";
import { type Point, pointsOf, strikeAt } from "./interrupt.ts";
import { endsWell, makeSubject, PATIENCE, type Subject } from "./subject.ts";

const POINTS = 5;

/** How it ends: as a crash does it, or as its package's upgrade. */
const ENDS = [
  { signal: "SIGKILL", word: "killed" },
  { signal: "SIGTERM", word: "stopped" },
] as const;

describeLeavingNothing("libvirtd ends", function () {
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
    for (const { signal, word } of ENDS)
      for (const back of [false, true])
        describeFault(
          {
            fault: `libvirtd is ${word}${back ? " and started again" : ""} during \`pulumi ${verb}\``,
            recovery: "`npm start` or `npm stop`, in turns",
          },
          (trial) => {
            for (let index = 0; index < POINTS; index += 1) {
              const repaired = (index + (verb === "up" ? 0 : 1)) % 2 === 0;
              trial(
                `at point ${index + 1} of ${POINTS}, then ${repaired ? "up" : "destroy"}`,
                async (recover) => {
                  if (verb === "destroy") await subject.mend();
                  const point = points[verb][index] ?? { line: 0, delay: 0 };
                  const { hung } = await strikeAt(subject.stack, verb, point, async () => {
                    await subject.kill("libvirtd", signal);
                    if (back) await labUp(subject.place.context);
                  });
                  equal(hung, false, "the run had to be ended by hand");
                  await endsWell(subject, repaired, recover);
                },
                { short: false },
              );
            }
          },
        );

  describeFault(
    { fault: "libvirtd is killed, or stopped, while nothing is done", recovery: "`npm start`" },
    (trial) => {
      for (const { signal } of ENDS)
        trial(`by ${signal}: the machines run on, and are known again`, async (recover) => {
          const machines = async (): Promise<string> =>
            await subject.place.inside("sh", "-c", "cat /run/libvirt/qemu/v-core*.pid");
          await subject.mend();
          const before = [await subject.place.virsh("list", "--uuid"), await machines()];
          await subject.kill("libvirtd", signal);
          await recover(() => subject.mend());
          equal([await subject.place.virsh("list", "--uuid"), await machines()].join(), before.join());
          await subject.sound();
          await subject.end();
        });
    },
  );
});
