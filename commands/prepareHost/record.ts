/** The record of what was there before: what --undo goes by. It lies on the host, for root alone. */
import type { HostShell } from "../doctor/types.ts";
import { complaint } from "../doctor/words.ts";
import { UserError } from "../ui/errors.ts";
import { field, list, parsed } from "../http.ts";
import { identity, isVolatile, type Change } from "./changes.ts";

export const RECORD_FOLDER = "/var/lib/coreos-cluster";
export const RECORD_FILE = `${RECORD_FOLDER}/host-prepare.json`;

export interface Record {
  /** The boot and the network namespace in which the changes were made. */
  readonly boot: string;
  readonly network: string;
  /** In the order in which they were made. */
  readonly changes: readonly Change[];
}

const VERSION = 1;

/** Where a record made now belongs. */
export async function currentPlace(shell: HostShell): Promise<Pick<Record, "boot" | "network">> {
  const boot = await shell.run(["cat", "/proc/sys/kernel/random/boot_id"]);
  const network = await shell.run(["readlink", "/proc/self/ns/net"]);
  return { boot: boot.stdout.trim(), network: network.stdout.trim() };
}

/**
 * The record of a host; without changes where there is none.
 * @throws UserError where it can't be read, or belongs to another network namespace of this boot.
 */
export async function readRecord(shell: HostShell): Promise<Record> {
  const place = await currentPlace(shell);
  const answer = await shell.run(["cat", RECORD_FILE]);
  if (answer.code !== 0) {
    if (/no such file/i.test(answer.stderr)) return { ...place, changes: [] };
    throw new UserError(`${RECORD_FILE} on ${shell.name} can't be read: ${complaint(answer)}`);
  }
  const content = parsed(answer.stdout);
  if (field(content, "version") !== VERSION)
    throw new UserError(
      `${RECORD_FILE} on ${shell.name} is not a record of this version of host-prepare. Nothing was changed.`,
    );
  const { boot, network } = content as Record;
  const changes = list(field(content, "changes")) as readonly Change[];
  if (boot !== place.boot) return { ...place, changes: changes.filter((change) => !isVolatile(change)) };
  if (network !== place.network && changes.some(isVolatile))
    throw new UserError(
      `${RECORD_FILE} was written in another network namespace (${network}, this is ${place.network}): ` +
        `take its changes back there, with host-prepare --undo. If that namespace is gone, remove the file.`,
    );
  return { ...place, changes };
}

/** Writes the file whole or not at all, with mode 0600. */
const WRITE = `umask 077 && mkdir -p "\${1%/*}" && cat >"$1.new" && sync "$1.new" && mv "$1.new" "$1"`;

/** Writes the record, or removes it where nothing is left in it. */
export async function writeRecord(shell: HostShell, record: Record): Promise<void> {
  const answer =
    record.changes.length === 0
      ? await shell.run([
          "sh",
          "-c",
          'rm -f "$1" "$1.new" && { rmdir "${1%/*}" 2>/dev/null || true; }',
          "record",
          RECORD_FILE,
        ])
      : await shell.run(["sh", "-c", WRITE, "record", RECORD_FILE], {
          input: `${JSON.stringify({ version: VERSION, ...record }, null, 2)}\n`,
        });
  if (answer.code !== 0)
    throw new UserError(`${RECORD_FILE} on ${shell.name} can't be written: ${complaint(answer)}`);
}

/**
 * A record with a change that is about to be made. What was there before the first of them stays; a text that somebody took
 * out meanwhile begins anew.
 */
export function withChange(record: Record, change: Change): Record {
  const name = identity(change);
  const known = record.changes.some((one) => identity(one) === name);
  if (known && change.kind !== "text") return record;
  return { ...record, changes: [...record.changes.filter((one) => identity(one) !== name), change] };
}
