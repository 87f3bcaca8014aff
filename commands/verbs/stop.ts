/** `npm stop`: the host as it was, but for the caches. */
import { appendFileSync, existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { labDown, labUp } from "../../lab/libvirt/index.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { ensureToolchain, stateFolder } from "../../lab/toolchain/index.ts";
import { exclusively } from "../lab/exclusive.ts";
import { labContext } from "../lab/prepare.ts";
import { destroy, stacks } from "../lab/pulumi.ts";
import { devStack, onStack, openSession } from "../lab/session.ts";
import { describe } from "../ui/errors.ts";
import { stayForChildren } from "../ui/interrupt.ts";
import { Phases } from "../ui/phases.ts";

/** Destroys all stacks of the lab and removes the lab host; does nothing where there is nothing. */
export async function stop(paths: LabPaths): Promise<void> {
  stayForChildren("Run `npm stop` again to go on.");
  await exclusively(paths, async () => {
    const phases = new Phases();
    if (existsSync(stateFolder(paths))) await destroyStacks(paths, phases);
    await removeHost(paths, phases);
    process.stdout.write(
      "Nothing of the lab runs or is mounted any more; its caches, its settings and its log stay.\n" +
        "Next: npm start (a new cluster), or npm run cluster -- clean (drop this checkout's caches and lab folder)\n",
    );
  });
}

/** Removes the lab host; with it go the machines of all its stacks, so their state goes too. */
export async function removeHost(paths: LabPaths, phases: Phases): Promise<void> {
  await phases.run("Lab host", async (report) => {
    await labDown(labContext(paths, report));
    await rm(stateFolder(paths), { recursive: true, force: true });
    return { note: "removed", value: undefined };
  });
}

async function destroyStacks(paths: LabPaths, phases: Phases): Promise<void> {
  try {
    const session = await phases.run("Lab", async (report) => {
      const context = labContext(paths, report);
      // Destroy asks libvirt, so a lab host that was killed is repaired first.
      const [toolchain, host] = await Promise.all([ensureToolchain(context), labUp(context)]);
      return { note: "found", value: await openSession(context, devStack, { toolchain, host }) };
    });
    for (const name of await stacks(session)) {
      await phases.run(`Stack ${name}`, async (report) => ({
        note: await destroy(onStack(session, name), report),
        value: undefined,
      }));
    }
  } catch (error) {
    // The lab host goes away with everything on it, so nothing stays behind here either way.
    appendFileSync(paths.log, `${describe(error, paths.log)}\n`);
    phases.say(`The lab host is removed with all that is left on it; why destroy failed: ${paths.log}`);
  }
}
