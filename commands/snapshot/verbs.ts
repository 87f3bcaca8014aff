/** The verbs `snapshot` and `restore` of the command line. */
import type { Command } from "commander";
import type { LabPaths } from "../../lab/shared/context.ts";
import type { SaveOptions } from "../verbs/snapshot.ts";

const WHERE = "Which host: --connect URI, else the lab when it is up, else LIBVIRT_DEFAULT_URI.";

const whose = (command: Command): Command =>
  command
    .option("--stack <name>", "a stack of this checkout (the lab: dev; elsewhere the selected one)")
    .option("--connect <uri>", "a libvirt host of your own, such as qemu+ssh://root@host/system");

/** Adds them. */
export function addSnapshotVerbs(program: Command, paths: LabPaths): void {
  const snapshot = program.command("snapshot").description("all of etcd's data in a file");
  whose(snapshot.command("save"))
    .description("write a snapshot of a cluster's etcd to a file")
    .argument("<file>", "where to; it must not exist yet")
    .option("--overwrite", "replace the file that is there, once the new one is whole")
    .option("--json", "print what is in it as JSON")
    .addHelpText(
      "after",
      `
The file is readable for its owner alone. It appears when it is whole: its sha256 is right, and it holds all that was
acknowledged before. Keys of the v2 API are in no snapshot.
${WHERE}`,
    )
    .action(async (file: string, options: SaveOptions) => {
      await (await import("../verbs/snapshot.ts")).save(paths, file, options);
    });
  snapshot
    .command("status")
    .description("check a snapshot, and show what is in it")
    .argument("<file>", "the snapshot")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      "\nExit code 1 when the file is damaged, or no snapshot. Needs neither a cluster nor etcdctl.",
    )
    .action(async (file: string, options: { json?: boolean }) => {
      (await import("../verbs/snapshot.ts")).status(file, options);
    });
}
