/** `host-prepare`: a host's network made fit for machines on a bridge, and made as it was. */
import { isLocal } from "../../host/virsh.ts";
import { holding, withLockBy } from "../../lab/shared/lock.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { shellOf } from "../doctor/shell.ts";
import type { HostShell } from "../doctor/types.ts";
import { forUser } from "../hosts/reach.ts";
import { quote } from "../../plan/remedies.ts";
import { makeChanges, plannedUndo, undoChanges } from "../prepareHost/apply.ts";
import { commandOf, PARTS, type Part } from "../prepareHost/changes.ts";
import { neededChanges } from "../prepareHost/needed.ts";
import { readRecord, RECORD_FILE, writeRecord } from "../prepareHost/record.ts";
import { rootShell } from "../prepareHost/rootShell.ts";
import { UserError } from "../ui/errors.ts";
import { print } from "../ui/print.ts";
import { factsOfStack, requireBridgeName } from "./doctor.ts";

export interface HostPrepareOptions {
  readonly bridge?: string;
  readonly stack: string;
  readonly connect: string;
  readonly skip?: string;
  readonly dryRun?: boolean;
  readonly undo?: boolean;
}

/** Two runs at once on one host would each write its own record. A folder can be locked as well, and no file stays. */
const LOCK = "/var/lib";

/** @throws UserError for a part that doesn't exist */
export function partsToSkip(text = ""): ReadonlySet<Part> {
  const words = text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
  const unknown = words.filter((word) => !(PARTS as readonly string[]).includes(word));
  if (unknown.length > 0)
    throw new UserError(`--skip names ${unknown.join(", ")}; the parts are: ${PARTS.join(", ")}`);
  return new Set(words as Part[]);
}

async function prepare(
  shell: HostShell,
  bridge: string,
  skip: ReadonlySet<Part>,
  dry: boolean,
  back: string,
): Promise<void> {
  await readRecord(shell); // one that can't be gone by is told before anything is looked at
  const { changes, left } = await neededChanges(shell, bridge, skip);
  if (dry)
    changes.forEach((change) => {
      print(commandOf(change));
    });
  else await makeChanges(shell, changes, { say: print, back });
  left.forEach((line) => {
    print(`Left as it is: ${line}`);
  });
  if (changes.length === 0)
    print(`Nothing to change: ${shell.name} is ready for machines on ${bridge} as far as host-prepare goes.`);
  else if (dry) print(`Nothing was changed: these are the commands, to be run as root on ${shell.name}.`);
  else
    print(
      `${changes.length} ${changes.length === 1 ? "change" : "changes"} made on ${shell.name}; what was there before is in ${RECORD_FILE}. ` +
        `After a reboot run this again.\nTake all back: ${back}`,
    );
}

/** The command that takes all back, on the host that was prepared. */
const takingBack = (uri: string): string =>
  `npm run cluster -- host-prepare --undo${isLocal(uri) ? "" : ` --connect ${quote(uri)}`}`;

async function undo(shell: HostShell, dry: boolean): Promise<void> {
  const record = await readRecord(shell);
  if (record.changes.length === 0) {
    if (!dry) await writeRecord(shell, record); // of an earlier boot, with nothing left to take back
    print(`Nothing to take back on ${shell.name}.`);
    return;
  }
  if (dry) {
    const { commands, left } = await plannedUndo(shell, record);
    commands.forEach(print);
    left.forEach((line) => {
      print(`Would be left: ${line}`);
    });
    print(`Nothing was changed: these are the commands, to be run as root on ${shell.name}.`);
    return;
  }
  const left = await undoChanges(shell, record, print);
  left.forEach((line) => {
    print(`Left as it is: ${line}`);
  });
  print(`Taken back: ${shell.name} is as it was${left.length === 0 ? "" : ", but for what is left"}.`);
}

/**
 * Prepares a host, or takes that back.
 * @throws UserError where it can't
 */
export async function hostPrepare(paths: LabPaths, options: HostPrepareOptions): Promise<void> {
  const reached = await forUser(() => Promise.resolve(shellOf(options.connect)));
  if (reached === undefined)
    throw new UserError(
      `--connect ${options.connect} gives no way to run commands on a host: it must be qemu:///system or qemu+ssh://...`,
    );
  try {
    const shell = await rootShell(reached, options.connect);
    const dry = options.dryRun === true;
    const skip = partsToSkip(options.skip);
    const work = async (): Promise<void> => {
      if (options.undo === true) await undo(shell, dry);
      else {
        const bridge =
          options.bridge ?? factsOfStack(paths, options.stack, undefined, options.connect).plan.bridge;
        requireBridgeName(bridge);
        await prepare(shell, bridge, skip, dry, takingBack(options.connect));
      }
    };
    const waits = (): void => {
      process.stderr.write(`Waiting for another host-prepare on ${shell.name}.\n`);
    };
    await (dry ? work() : withLockBy(shell.words(holding(LOCK)), work, waits));
  } finally {
    await reached.close();
  }
}
