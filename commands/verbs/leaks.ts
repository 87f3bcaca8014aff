/** `leaks`: what a host has now beside what it had. */
import { compare } from "../../host/snapshot/compare.ts";
import { takeSnapshot } from "../../host/snapshot.ts";
import { accessBy } from "../../host/access.ts";
import type { Part } from "../../host/snapshot/types.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { loadSnapshot, saveSnapshot } from "../hosts/leaks.ts";
import { counts, notLookedAt, renderDifferences, unseenOfBoth } from "../hosts/leaksReport.ts";
import { forUser, labRuns, reach, type Reached } from "../hosts/reach.ts";
import { tokensOf } from "../hosts/tokens.ts";
import { ExitError, UserError } from "../ui/errors.ts";

export interface LeaksOptions {
  readonly connect?: string;
  readonly machine?: boolean;
  readonly save?: string;
  readonly against?: string;
  readonly registry?: string;
  readonly logs?: boolean;
  readonly json?: boolean;
}

const THIS_MACHINE = "this machine";

/** This machine as a lab finds and leaves it: libvirt, if there is one, is not asked. */
const thisMachine = (): Reached => ({
  access: { ...accessBy("qemu:///system"), title: THIS_MACHINE },
  lab: undefined,
});

/** The host that is looked at: without a lab and a named host, this machine, as `npm start` finds it and `npm stop` leaves it. */
async function lookedAt(paths: LabPaths, { connect, machine }: LeaksOptions): Promise<Reached> {
  if (machine === true && connect !== undefined)
    throw new UserError("--machine and --connect name two hosts: give one");
  const named = connect !== undefined || (process.env["LIBVIRT_DEFAULT_URI"] ?? "") !== "";
  if (machine === true || (!named && !(await labRuns(paths)))) return thisMachine();
  return await reach(paths, connect);
}

/** @throws ExitError 1 when the host is not as it was */
export async function leaks(paths: LabPaths, options: LeaksOptions): Promise<void> {
  const { save, against, json = false } = options;
  if (save !== undefined && against !== undefined)
    throw new UserError("--save makes a snapshot, --against compares with one: give one of them");
  const before = against === undefined ? undefined : await loadSnapshot(against);
  const reached = await lookedAt(paths, options);
  const { access, lab } = reached;
  if (before !== undefined && before.host !== access.title)
    throw new UserError(
      `${against ?? ""} was made of ${before.host}, and this is ${access.title}: ` +
        `two hosts can't be compared (--connect, --machine and a lab that is up decide which one is looked at)`,
    );
  const isMachine = access.title === THIS_MACHINE;
  const now = await forUser(async () =>
    takeSnapshot(access, {
      libvirt: !isMachine,
      everywhere: isMachine,
      ...(options.registry === undefined
        ? {}
        : { tokens: await tokensOf(options.registry, lab === undefined ? undefined : access) }),
    }),
  );
  if (save !== undefined) await saveSnapshot(save, now);
  if (before === undefined) {
    const text = [`${access.title}: ${counts(now)}`, ...notLookedAt(now.unseen), ""].join("\n");
    process.stdout.write(json ? `${JSON.stringify(now, null, 2)}\n` : text);
    return;
  }
  const counted = (part: Part): boolean => part !== "logs" || options.logs === true;
  const all = compare(before, now);
  const kept = all.filter(({ part }) => !counted(part));
  const differences = all.filter(({ part }) => counted(part));
  const unseen = unseenOfBoth(before.unseen, now.unseen).filter(({ part }) => counted(part));
  process.stdout.write(
    json
      ? `${JSON.stringify({ host: now.host, since: before.taken, differences, unseen }, null, 2)}\n`
      : renderDifferences({ before, differences, kept, unseen }),
  );
  if (differences.length > 0) throw new ExitError(1);
}
