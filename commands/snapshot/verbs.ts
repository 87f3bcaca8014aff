/** The verbs `snapshot` and `restore` of the command line. */
import { type Command, InvalidArgumentError } from "commander";
import type { LabPaths } from "../../lab/shared/context.ts";
import type { RestoreOptions } from "../verbs/restore.ts";
import type { SaveOptions } from "../verbs/snapshot.ts";

const WHERE = "Which host: --connect URI, else the lab when it is up, else LIBVIRT_DEFAULT_URI.";

const whose = (command: Command): Command =>
  command
    .option("--stack <name>", "a stack of this checkout (the lab: dev; elsewhere the selected one)")
    .option("--connect <uri>", "a libvirt host of your own, such as qemu+ssh://root@host/system");

function seconds(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new InvalidArgumentError(`"${text}" is not a whole number of seconds.`);
  return Number(text);
}

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

  whose(program.command("restore"))
    .description("replace all of etcd's data of a cluster by those of a snapshot")
    .argument("[file]", "the snapshot, by snapshot save or etcdctl")
    .option("--yes", "don't ask")
    .option("--undo", "take back a restore that did not end: the data from before are on the nodes")
    .option("--force", "also when the cluster is not healthy, or has members that are no nodes of the stack")
    .option("--timeout <seconds>", "how long the members may take to be healthy", seconds, 600)
    .addHelpText(
      "after",
      `
What it does, on all members at once, by ssh as core:
  1. checks the file, the members and the nodes; then asks
  2. makes the new data beside the old ones, while etcd goes on
  3. stops etcd, moves the new data into place, starts etcd, waits until all are healthy
  4. compares the keys of each member with those of the file; when all is right, removes the old data
When 3 or 4 fails, the old data come back. It can be killed at any point: run it again to go on, or with --undo.
${WHERE}`,
    )
    .action(async (file: string | undefined, options: RestoreOptions) => {
      await (await import("../verbs/restore.ts")).restore(paths, file, options);
    });
}
