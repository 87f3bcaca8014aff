/** `replace NAME`: one machine is made anew in a cluster that runs; the others stay, and so do the data (docs/day-two.md, ADR 24). */
import type { LabPaths } from "../../lab/shared/context.ts";
import {
  carryOut,
  type DayTwoOptions,
  onStackOf,
  previewUnlessRestoring,
  refuseOthers,
  refusePaused,
  viewBefore,
} from "../dayTwo/carryOut.ts";
import { isBegun, isNearlyDone, withTurns } from "../dayTwo/entries.ts";
import { touchedIn } from "../dayTwo/steps.ts";
import { requireNode } from "../lab/clusterView.ts";
import { UserError } from "../ui/errors.ts";
import { print } from "../ui/print.ts";

export interface ReplaceOptions extends DayTwoOptions {
  readonly again?: boolean;
}

/** @throws UserError where it can't be done, with what to do */
export async function replace(paths: LabPaths, name: string, options: ReplaceOptions): Promise<void> {
  await onStackOf(paths, options, "replace", async (stack, phases) => {
    requireNode(stack.state.outputs, name);
    await refusePaused(stack, name, options);
    const { entries } = stack;
    const now = await previewUnlessRestoring(stack, phases, options, name);
    const begun =
      options.again !== true && (isBegun(now, entries, [name]) || isNearlyDone(now, entries, name));
    // Others may be on their way, too: their turn comes before this one's, or is for roll to go on with.
    const others = touchedIn(now, stack.names).filter((one) => one.name !== name);
    if (others.length > 0)
      throw new UserError(
        `the config has changes of other machines (${others.map((one) => one.name).join(", ")}), which replace would make, too. Nothing was changed. ` +
          "Where a roll or a replace of them was interrupted, run that again first; else take the changes back, or make them with roll or `pulumi up`",
      );
    refuseOthers(now, [name], "replace");
    const after = begun ? entries : withTurns(entries, [name]);
    if (!begun) refuseOthers(await stack.preview(after), [name], "replace");
    await viewBefore(stack, phases, options, () => [name]);
    if (options.dryRun === true) {
      print(
        `${name} would be made anew, with a fresh disk; the other machines and the data stay. Nothing was changed.`,
      );
      return;
    }
    if (begun) phases.say(`${name}: goes on with what was begun before`);
    else await stack.write(after);
    await carryOut(stack, phases, `${name} was made anew; the other machines stayed as they were.`);
  });
}
