/** The verbs `replace` and `roll` of the command line. */
import type { Command } from "commander";
import type { LabPaths } from "../../lab/shared/context.ts";
import type { ReplaceOptions } from "../verbs/replace.ts";
import type { DayTwoOptions } from "./carryOut.ts";

const WHERE = "Which host: --connect URI, else the lab when it is up, else LIBVIRT_DEFAULT_URI.";

const whose = (command: Command): Command =>
  command
    .option("--stack <name>", "a stack of this checkout (the lab: dev; elsewhere the selected one)")
    .option("--connect <uri>", "a libvirt host of your own, such as qemu+ssh://root@host/system")
    .option("--dry-run", "look at everything, say what would be made anew, and change nothing");

/** Adds them. */
export function addDayTwoVerbs(program: Command, paths: LabPaths): void {
  whose(program.command("replace"))
    .description("make one machine of a running cluster anew; the others and the data stay")
    .argument("<node>", "the node's name")
    .option("--again", "also where one that was begun before did not end: with another fresh disk")
    .addHelpText(
      "after",
      `
The others must be a healthy majority. The member leaves the members' list, its machine is made anew with a fresh disk, joins,
gets all data and its vote. Run again after a kill, it goes on. On a host of your own it runs your Pulumi.
${WHERE}`,
    )
    .action(async (node: string, options: ReplaceOptions) => {
      await (await import("../verbs/replace.ts")).replace(paths, node, options);
    });
  whose(program.command("roll"))
    .description("bring a changed config onto the machines one after the other; the data stay")
    .addHelpText(
      "after",
      `
In place of pulumi up, which rebuilds all members of a cluster together where what is on them changes. Each member leaves, is made
anew, and is healthy before the next one's turn. One that does not come up ends it, with its own words; the others stay as
they were. Run again, it goes on; with another change of the config, it begins with the member that is broken.
${WHERE}`,
    )
    .action(async (options: DayTwoOptions) => {
      await (await import("../verbs/roll.ts")).roll(paths, options);
    });
}
