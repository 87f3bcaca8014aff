/** Making changes on a host and taking them back, one after another, each written down before it is made. */
import { linksIn } from "../doctor/checks/bridge.ts";
import type { HostShell } from "../doctor/types.ts";
import { complaint } from "../doctor/words.ts";
import { UserError } from "../ui/errors.ts";
import {
  commandOf,
  findRule,
  identity,
  undoAlong,
  undoLink,
  undoRule,
  undoText,
  undoValue,
  type Change,
  type LinkChange,
  type TextChange,
  type Undoing,
} from "./changes.ts";
import { readRecord, withChange, writeRecord, type Record } from "./record.ts";

/** Says what is being done. */
export type Say = (line: string) => void;

/**
 * Makes the changes.
 * @param back the command that takes them back.
 * @throws UserError at the first that fails; what was made until then is in the record.
 */
export async function makeChanges(
  shell: HostShell,
  changes: readonly Change[],
  { say, back }: { readonly say: Say; readonly back: string },
): Promise<void> {
  let record = await readRecord(shell);
  for (const change of changes) {
    const command = commandOf(change);
    record = withChange(record, change);
    await writeRecord(shell, record);
    say(command);
    const answer = await shell.run(["sh", "-c", command]);
    if (answer.code !== 0)
      throw new UserError(
        `${command}: ${complaint(answer)}\nWhat was changed before it is taken back by: ${back}`,
      );
  }
}

async function valuesNow(shell: HostShell, files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (files.length === 0) return new Map();
  const { stdout } = await shell.run(["grep", "-s", "-H", "", ...files]);
  return new Map(
    stdout.split("\n").flatMap((line) => {
      const [, file, value] = /^([^:]+):(.*)$/.exec(line) ?? [];
      return file === undefined ? [] : [[file, (value ?? "").trim()] as const];
    }),
  );
}

async function textNow(shell: HostShell, { file }: TextChange): Promise<string | undefined> {
  const answer = await shell.run(["cat", file]);
  if (answer.code === 0) return answer.stdout;
  if (/no such file/i.test(answer.stderr)) return undefined;
  throw new UserError(`${file} can't be read: ${complaint(answer)}`);
}

async function linkNow(shell: HostShell, { device, setting }: LinkChange): Promise<string | undefined> {
  const [link] = linksIn(await shell.run(["ip", "-json", "-details", "address", "show", "dev", device]));
  if (link === undefined) return undefined;
  return setting === "state" ? (link.up ? "up" : "down") : String(link.delay);
}

async function undoing(shell: HostShell, change: Change): Promise<Undoing> {
  switch (change.kind) {
    case "link":
      return undoLink(change, await linkNow(shell, change));
    case "value":
      return undoValue(change, (await valuesNow(shell, [change.file])).get(change.file));
    case "text":
      return undoText(change, await textNow(shell, change));
    case "rule":
      return {
        commands: (await shell.run(["sh", "-c", findRule(change)])).code === 0 ? undoRule(change) : [],
      };
  }
}

/**
 * The commands that would take a record's changes back, last first, and what would be left. What the kernel sets along with
 * them, and has to be set again, is seen only afterwards. Changes nothing.
 */
export async function plannedUndo(
  shell: HostShell,
  record: Record,
): Promise<{ commands: string[]; left: string[] }> {
  const [commands, left]: [string[], string[]] = [[], []];
  for (const change of record.changes.toReversed()) {
    const undo = await undoing(shell, change);
    if ("left" in undo) left.push(undo.left);
    else commands.push(...undo.commands);
  }
  return { commands, left };
}

async function runAll(shell: HostShell, commands: readonly string[], say: Say): Promise<void> {
  for (const command of commands) {
    say(command);
    const answer = await shell.run(["sh", "-c", command]);
    if (answer.code !== 0) throw new UserError(`${command}: ${complaint(answer)}`);
  }
}

/**
 * Takes all of a record's changes back, last first. One that is taken back leaves the record at once, so a run that is killed
 * goes on where it was.
 * @returns what was left alone.
 * @throws UserError at the first command that fails; it and what comes after it stay in the record.
 */
export async function undoChanges(shell: HostShell, record: Record, say: Say): Promise<string[]> {
  const left: string[] = [];
  let rest = record;
  for (const change of record.changes.toReversed()) {
    const undo = await undoing(shell, change);
    if ("left" in undo) left.push(undo.left);
    else await runAll(shell, undo.commands, say);
    if (change.kind === "value" && !("left" in undo))
      await runAll(shell, undoAlong(change, await valuesNow(shell, Object.keys(change.along))), say);
    const others = rest.changes.filter((one) => identity(one) !== identity(change));
    rest = { ...rest, changes: others };
    await writeRecord(shell, rest);
  }
  return left;
}
