/** `pulumi up` and `pulumi destroy` are ended in the middle: as Ctrl-C does it, and as the kernel does when memory is short. */
import { describeLeavingNothing } from "../support/leaks.ts";
import { describeFault } from "./record.ts";
import { type Point, pointsOf, strikeAt } from "./interrupt.ts";
import { endsWell, makeSubject, PATIENCE, type Subject } from "./subject.ts";

const POINTS = 20;
/** Of these points, counted from 0, the short selection takes one. */
const SHORT = [7, 13];

describeLeavingNothing("runs that are killed", function () {
  this.timeout(PATIENCE);
  let subject: Subject;
  let points: Readonly<Record<"up" | "destroy", readonly Point[]>>;

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    subject = await makeSubject({ prefix: "k-core" });
    points = await pointsOf(subject.stack, POINTS);
    await subject.clean();
  });
  after(() => subject.place.remove());

  for (const signal of ["SIGINT", "SIGKILL"] as const)
    for (const verb of ["up", "destroy"] as const)
      describeFault(
        {
          fault: `\`pulumi ${verb}\` is ended by ${signal}`,
          recovery: "`npm start` or `npm stop`, in turns",
        },
        (trial) => {
          for (let index = 0; index < POINTS; index += 1) {
            // Both ways on meet early and late points, after both signals.
            const repaired = (index + (signal === "SIGINT" ? 0 : 1)) % 2 === 0;
            trial(
              `at point ${index + 1} of ${POINTS}, then ${repaired ? "up" : "destroy"}`,
              async (recover) => {
                if (verb === "destroy") await subject.mend();
                const point = points[verb][index] ?? { line: 0, delay: 0 };
                await strikeAt(subject.stack, verb, point, (group) => {
                  process.kill(-group, signal);
                });
                await endsWell(subject, repaired, recover);
              },
              { short: verb === "up" && index === SHORT[signal === "SIGINT" ? 0 : 1] },
            );
          }
        },
      );
});
