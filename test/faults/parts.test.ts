/** One process of a `pulumi up` is killed, and the others find out: as the kernel does where memory is short, which takes one alone. */
import { notEqual, ok } from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { guestsOfHost } from "../../lab/libvirt/endHolder.ts";
import { requireHolder } from "../../lab/libvirt/holder.ts";
import { argumentsOf, isAlive, signal, waitUntil } from "../../lab/libvirt/processes.ts";
import { describeLeavingNothing } from "../support/leaks.ts";
import { describeFault } from "./record.ts";
import { endsWell, makeSubject, PATIENCE, type Subject } from "./subject.ts";

interface Part {
  readonly fault: string;
  /** Its command line, with blanks between the words. */
  readonly is: RegExp;
  /** Milliseconds after it has begun: early and late in its life. */
  readonly points: readonly [number, number];
}

const PARTS: readonly Part[] = [
  { fault: "Pulumi's engine", is: /^\S*pulumi --cwd \S+ up /, points: [1500, 4000] },
  { fault: "the program", is: /@pulumi\/pulumi\/cmd\/run/, points: [300, 1500] },
  { fault: "the plugin of libvirt", is: /pulumi-resource-terraform-provider/, points: [200, 1500] },
  { fault: "the libvirt provider", is: /^\S*terraform-provider-libvirt/, points: [50, 600] },
  { fault: "the look at the host", is: /^\S*node .*commands\/host\.ts/, points: [10, 250] },
];

/** Seconds in which a part has to begin, and a run to end that has lost one. */
const LIMIT = 90;

describeLeavingNothing("a run that loses one of its processes", function () {
  this.timeout(PATIENCE);
  let subject: Subject;

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    subject = await makeSubject({ prefix: "p-core" });
  });
  after(() => subject.place.remove());

  /** Those of the lab that are no part of the lab itself. */
  const found = (is: RegExp): number[] =>
    guestsOfHost(requireHolder(subject.place.context.paths)).filter((pid) =>
      is.test(argumentsOf(pid).join(" ")),
    );

  /** Begins an `up`, kills the part, and waits until all is over; the run must not take that for a success. */
  async function strike({ is }: Part, delay: number): Promise<void> {
    const child = subject.stack.start("up");
    child.stdout.resume();
    const closed = once(child, "close");
    ok(await waitUntil(() => found(is).length > 0, LIMIT), "that process did not begin");
    await sleep(delay);
    const struck = found(is);
    for (const pid of struck) signal(pid, "SIGKILL");
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, LIMIT * 1000);
    const [code] = (await closed) as [number | null];
    clearTimeout(timer);
    notEqual(struck.length, 0, "it had ended by itself before");
    notEqual(code, 0, "the run has not noticed");
    ok(!struck.some(isAlive));
  }

  for (const part of PARTS)
    describeFault(
      { fault: `${part.fault} is killed, alone`, recovery: "`npm start`, and `npm stop`" },
      (trial) => {
        for (const [index, delay] of part.points.entries())
          trial(
            `${delay} ms after it began`,
            async (recover) => {
              await strike(part, delay);
              await endsWell(subject, index === 0, recover);
            },
            { short: part.fault === "the libvirt provider" && index === 0 },
          );
      },
    );
});
