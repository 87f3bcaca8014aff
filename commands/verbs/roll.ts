/** `roll`: a changed config gets onto the machines one after the other; the cluster serves, and the data stay (docs/day-two.md, ADR 24). */
import type { LabPaths } from "../../lab/shared/context.ts";
import {
  carryOut,
  type DayTwoOptions,
  onStackOf,
  previewUnlessRestoring,
  refuseOthers,
  viewBefore,
} from "../dayTwo/carryOut.ts";
import { isBegun, withTurns } from "../dayTwo/entries.ts";
import { inOrder } from "../dayTwo/quorum.ts";
import { newGeneration, touchedIn, waitsOnly } from "../dayTwo/steps.ts";
import { UserError } from "../ui/errors.ts";
import { print } from "../ui/print.ts";

const DONE = "The machines are as the config has them; the data stayed.";

/** @throws UserError where it can't be done, with what to do */
export async function roll(paths: LabPaths, options: DayTwoOptions): Promise<void> {
  await onStackOf(paths, options, "roll", async (stack, phases) => {
    const before = stack.entries;
    const plain = await previewUnlessRestoring(stack, phases, options);
    const begun = isBegun(plain, before, stack.members);
    // What the config would be another cluster by counts as the one that is there.
    const config = newGeneration(plain);
    const entries = config === undefined ? before : { ...before, config };
    const kept = config === undefined ? plain : await stack.preview(entries);
    const touched = touchedIn(kept, stack.names).map(({ name }) => name);
    refuseOthers(kept, stack.names, "roll");
    if (touched.length === 0) {
      if (waitsOnly(kept) && options.dryRun !== true) await carryOut(stack, phases, DONE);
      else print("The machines are as the config has them: there is nothing to do.");
      return;
    }
    const members = touched.filter((name) => stack.members.includes(name));
    const clients = touched.filter((name) => !members.includes(name));
    // Whoever is broken and stays as it is makes each of the others indispensable.
    const view = await viewBefore(stack, phases, options, (seen) => {
      const sick = seen.nodes.some(
        ({ name, role, health }) => role === "member" && health !== "healthy" && !members.includes(name),
      );
      return sick ? members : inOrder(seen, members).slice(0, 1);
    });
    const order = begun
      ? members.toSorted((one, other) => (before.turns[one] ?? 0) - (before.turns[other] ?? 0))
      : inOrder(view, members);
    const after = begun ? before : withTurns(entries, order);
    if (!begun) {
      const steps = await stack.preview(after);
      refuseOthers(steps, stack.names, "roll");
      const more = touchedIn(steps, stack.members).filter(({ name }) => !members.includes(name));
      if (more.length > 0)
        throw new UserError(
          `roll would touch ${more.map(({ name }) => name).join(", ")}, too; nothing was changed`,
        );
    }
    const words = [
      ...(order.length === 0
        ? []
        : [`one after the other, with fresh disks, the data kept: ${order.join(", ")}`]),
      ...(clients.length === 0 ? [] : [`then, all together, clients: ${clients.join(", ")}`]),
    ].join("; ");
    if (options.dryRun === true) {
      print(`Would be made anew ${words}. Nothing was changed.`);
      return;
    }
    phases.say(begun ? `goes on: ${words}` : words);
    if (!begun) await stack.write(after);
    await carryOut(stack, phases, DONE);
  });
}
