/** `destroy`: takes a cluster away, also one that is half made; with `--force`, forgets one whose libvirt host is gone. */
import { existsSync } from "node:fs";
import { execa } from "execa";
import { ForeignObjectError } from "../../host/leftovers.ts";
import { virshOn, VirshError } from "../../host/virsh.ts";
import { labUp } from "../../lab/libvirt/index.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { ensureToolchain, stateFolder } from "../../lab/toolchain/index.ts";
import { release } from "../discovery/release.ts";
import { labRuns } from "../hosts/reach.ts";
import { type Ground, summaryOf, sweep, takeAway } from "../hosts/takeAway.ts";
import { exclusively } from "../lab/exclusive.ts";
import { missingStack } from "../lab/known.ts";
import { labContext } from "../lab/prepare.ts";
import { destroy as destroyInLab, mendAfterKill, stacks } from "../lab/pulumi.ts";
import { devStack, type LabSession, openSession, runInLab } from "../lab/session.ts";
import { UserError } from "../ui/errors.ts";
import { stayForChildren } from "../ui/interrupt.ts";
import { Phases } from "../ui/phases.ts";
import { print } from "../ui/print.ts";

export interface DestroyOptions {
  readonly stack?: string;
  readonly force?: boolean;
  readonly owner?: string;
  readonly connect?: string;
}

/** @throws UserError when it can't be done, with what can */
export async function destroy(paths: LabPaths, options: DestroyOptions): Promise<void> {
  if (options.owner !== undefined) await sweepOwner(options.owner, options.connect);
  else if (options.connect !== undefined)
    throw new UserError("--connect goes with --owner ID; a stack's own libvirt host is in its state");
  else if (await isLabs(paths)) await inLab(paths, options.stack ?? devStack, options.force === true);
  else await takeAway(ownGround(paths, options.stack), { force: options.force === true, tell: print, warn });
}

/** Everything of one owner on a host, known by its mark: for what a forgotten state has left. */
async function sweepOwner(owner: string, connect: string | undefined): Promise<void> {
  const uri = connect ?? process.env["LIBVIRT_DEFAULT_URI"] ?? "";
  if (uri === "") throw new UserError("--owner wants --connect URI: the libvirt host whose things are meant");
  if (!/^[0-9a-f]{32}$/.test(owner))
    throw new UserError(
      `"${owner}" is no whole owner's id: 32 hexadecimal digits, as destroy --force prints it`,
    );
  try {
    print(summaryOf(await sweep(uri, owner, virshOn(uri)), uri));
  } catch (error) {
    if (error instanceof VirshError || error instanceof ForeignObjectError)
      throw new UserError(error.message, { cause: error });
    throw error;
  }
}

/** A lab that runs, or that left stacks behind when its machine was rebooted: it is repaired, so that destroy finds a host. */
const isLabs = async (paths: LabPaths): Promise<boolean> =>
  existsSync(stateFolder(paths)) || (await labRuns(paths));

async function inLab(paths: LabPaths, stack: string, force: boolean): Promise<void> {
  stayForChildren("Run it again to go on.");
  await exclusively(paths, async () => {
    const phases = new Phases();
    const session = await phases.run("Lab", async (report) => {
      const context = labContext(paths, report);
      const [toolchain, host] = await Promise.all([ensureToolchain(context), labUp(context)]);
      return { note: "found", value: await openSession(context, stack, { toolchain, host }) };
    });
    const known = await stacks(session);
    if (!known.includes(stack)) {
      const missing = missingStack(stack, known) ?? "";
      print(missing.slice(0, 1).toUpperCase() + missing.slice(1));
      return;
    }
    await takeAway(labGround(session, phases), { force, tell: print, warn });
  });
}

const warn = (text: string): void => void process.stderr.write(`${text}\n`);

/** The lab's own Pulumi. The stack may have hosts besides the lab. */
function labGround(session: LabSession, phases: Phases): Ground {
  const { stack, enter } = session;
  return {
    which: ["--stack", stack],
    pulumi: async (...words) => {
      const command = ["pulumi", ...words, "--non-interactive", "--color", "never"] as const;
      return (await runInLab(session, command, { secret: true })).stdout; // a state is nothing for the log
    },
    virsh: (uri) => virshOn(uri, enter),
    settle: () => mendAfterKill(session),
    destroy: async () => {
      const note = await phases.run(`Stack ${stack}`, async (report) => {
        const done = await destroyInLab(session, report);
        return { note: done, value: done };
      });
      return `Stack ${stack} is destroyed${note === "" ? "" : ` (${note})`}; its config stays.`;
    },
    release: async ({ environment, url }) => {
      const env = { ...session.env, ...environment, PULUMI_COMMAND_STDOUT: url };
      const { stderr } = await runInLab({ ...session, env }, ["node", "commands/discovery.ts", "release"]);
      if (stderr !== "") warn(stderr);
    },
  };
}

/** Pulumi as the user has it. */
function ownGround(paths: LabPaths, stack: string | undefined): Ground {
  const which = stack === undefined ? [] : ["--stack", stack];
  const ownPulumi = (...words: string[]): Promise<string> => pulumi(paths, ...words);
  return {
    which,
    pulumi: ownPulumi,
    virsh: (uri) => virshOn(uri),
    settle: () => Promise.resolve(),
    destroy: () => ownPulumi("destroy", "--yes", "--skip-preview", ...which),
    // Says itself what it could not remove.
    release: async ({ environment, url }) => {
      await release({ ...environment, PULUMI_COMMAND_STDOUT: url });
    },
  };
}

/** @throws UserError in Pulumi's own words. */
async function pulumi(paths: LabPaths, ...args: string[]): Promise<string> {
  const words = [...args, "--non-interactive", "--color", "never"];
  const result = await execa("pulumi", words, {
    cwd: paths.checkout,
    reject: false,
    all: true,
    stdin: "ignore",
  });
  if (result.code === "ENOENT")
    throw new UserError(
      "this checkout has no lab, so the stack would be one of a libvirt host of your own, and pulumi is not on this machine's PATH: " +
        "npm run cluster -- tools npm run cluster -- destroy runs it with the program's own tools",
    );
  if (result.failed) throw new UserError(result.all.trim());
  return result.stdout;
}
