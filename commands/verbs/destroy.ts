/** `destroy`: takes a cluster away, also one that is half made; with `--force`, forgets one whose libvirt host is gone. */
import { existsSync } from "node:fs";
import { execa } from "execa";
import { clearOwnDomains, clearOwnPool, ForeignObjectError } from "../../host/leftovers.ts";
import { virshOn, VirshError } from "../../host/virsh.ts";
import { labUp } from "../../lab/libvirt/index.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { ensureToolchain, stateFolder } from "../../lab/toolchain/index.ts";
import { release } from "../discovery/release.ts";
import { type KnownToken, leftBehind, type OnHost, renderLeft, sweepCommand } from "../hosts/leftBehind.ts";
import { labRuns } from "../hosts/reach.ts";
import { exclusively } from "../lab/exclusive.ts";
import { labContext } from "../lab/prepare.ts";
import { destroy as destroyInLab, stacks } from "../lab/pulumi.ts";
import { onStack, openSession } from "../lab/session.ts";
import { UserError } from "../ui/errors.ts";
import { stayForChildren } from "../ui/interrupt.ts";
import { Phases } from "../ui/phases.ts";

export interface DestroyOptions {
  readonly stack?: string;
  readonly force?: boolean;
  readonly owner?: string;
  readonly connect?: string;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** @throws UserError when it can't be done, with what can */
export async function destroy(paths: LabPaths, options: DestroyOptions): Promise<void> {
  if (options.owner !== undefined) await sweepOwner(options.owner, options.connect);
  else if (options.connect !== undefined)
    throw new UserError("--connect goes with --owner ID; a stack's own libvirt host is in its state");
  else if (await isLabs(paths)) await inLab(paths, options.stack ?? "dev");
  else await onOwnHost(paths, options);
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
    print(summaryOf(await sweep(uri, owner), uri));
  } catch (error) {
    if (error instanceof VirshError || error instanceof ForeignObjectError)
      throw new UserError(error.message, { cause: error });
    throw error;
  }
}

interface Swept {
  readonly domains: readonly string[];
  readonly pool: string | undefined;
}

async function sweep(uri: string, owner: string): Promise<Swept> {
  const host = { uri, virsh: virshOn(uri), owner };
  const domains = await clearOwnDomains(host);
  return { domains, pool: await clearOwnPool(host) };
}

const summaryOf = ({ domains, pool }: Swept, uri: string): string =>
  domains.length === 0 && pool === undefined
    ? `There is nothing of that owner on ${uri}.`
    : `Removed on ${uri}: machines ${domains.join(", ") || "none"}; pool ${pool ?? "none"}.`;

/** A lab that runs, or that left stacks behind when its machine was rebooted: it is repaired, so that destroy finds a host. */
const isLabs = async (paths: LabPaths): Promise<boolean> =>
  existsSync(stateFolder(paths)) || (await labRuns(paths));

async function inLab(paths: LabPaths, stack: string): Promise<void> {
  stayForChildren("Run it again to go on.");
  await exclusively(paths, async () => {
    const phases = new Phases();
    const session = await phases.run("Lab", async (report) => {
      const context = labContext(paths, report);
      const [toolchain, host] = await Promise.all([ensureToolchain(context), labUp(context)]);
      return { note: "found", value: await openSession(context, stack, { toolchain, host }) };
    });
    if (!(await stacks(session)).includes(stack)) {
      print(`There is no stack ${stack} in the lab.`);
      return;
    }
    await phases.run(`Stack ${stack}`, async (report) => ({
      note: await destroyInLab(onStack(session, stack), report),
      value: undefined,
    }));
  });
}

/** Pulumi as the user has it. @throws UserError in its own words. */
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
      "pulumi is not on this machine's PATH; npm run cluster -- tools shows how to get it there",
    );
  if (result.failed) throw new UserError(result.all.trim());
  return result.stdout;
}

/** Why a host does not answer; undefined where it does. */
async function silence(uri: string): Promise<string | undefined> {
  try {
    await virshOn(uri)("list", "--name");
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function onOwnHost(paths: LabPaths, { stack, force = false }: DestroyOptions): Promise<void> {
  const which = stack === undefined ? [] : ["--stack", stack];
  const { hosts, tokens } = leftBehind(await pulumi(paths, "stack", "export", ...which));
  const asked = await Promise.all(hosts.map(async (host) => ({ host, why: await silence(host.uri) })));
  const silent = asked.flatMap(({ host, why }) => (why === undefined ? [] : [{ host, why }]));
  if (silent.length > 0 && !force) throw new UserError(unreachable(silent, which));
  if (silent.length === 0) {
    try {
      print(await pulumi(paths, "destroy", "--yes", "--skip-preview", ...which));
      return;
    } catch (error) {
      if (!force || !(error instanceof UserError)) throw error;
      process.stderr.write(
        `${error.message}\nPulumi can't destroy it; what answers is swept, and the state is forgotten.\n`,
      );
    }
  }
  await forget(paths, which, asked, tokens);
}

const unreachable = (
  silent: readonly { readonly host: OnHost; readonly why: string }[],
  which: readonly string[],
): string =>
  [
    ...silent.map(({ host, why }) => `the libvirt host ${host.uri} does not answer: ${why}`),
    "Nothing has been destroyed. If the host is gone, for good or for long, forget the cluster, and be told what stays there:",
    `  npm run cluster -- destroy ${[...which, "--force"].join(" ")}`,
  ].join("\n");

/** Removes what can be reached, forgets the state, and tells what stays. */
async function forget(
  paths: LabPaths,
  which: readonly string[],
  asked: readonly { readonly host: OnHost; readonly why: string | undefined }[],
  tokens: readonly KnownToken[],
): Promise<void> {
  const left: OnHost[] = [];
  for (const { host, why } of asked) {
    if (why === undefined)
      try {
        print(summaryOf(await sweep(host.uri, host.owner), host.uri));
        continue;
      } catch (error) {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      }
    left.push(host);
  }
  // Says itself what it could not remove.
  for (const { environment, url } of tokens) await release({ ...environment, PULUMI_COMMAND_STDOUT: url });
  const resources = await pulumi(paths, "stack", "export", ...which);
  if (/"urn":/.test(resources)) await pulumi(paths, "state", "delete", "--all", "--force", "--yes", ...which);
  print("The stack's state holds nothing any more; its config stays.");
  print(left.length === 0 ? "Nothing of it is left on its hosts." : renderLeft(left));
  if (left.length > 0) print(`Keep this, or at least: ${left.map(sweepCommand).join("; ")}`);
}
