/** `tools [CMD]`: the pinned tools (Pulumi, ct, butane, ...) for a libvirt host of one's own, without the lab. */
import type { LabPaths } from "../../lab/shared/context.ts";
import { PREFIX_VARIABLE } from "../../plan/typed.ts";
import { putBackOwn, refreshes, tellPutBack } from "../hosts/beforeRefresh.ts";
import { labContext, prepareToolchain } from "../lab/prepare.ts";
import { ensureToolchain } from "../../lab/toolchain/index.ts";
import { Phases } from "../ui/phases.ts";
import { runOnTerminal } from "./exec.ts";

/**
 * Runs a command with the pinned tools first on PATH; Pulumi's login, settings, plugins and network are the user's own. Without a
 * command, gets the tools and says how to use them.
 * @throws ExitError with the command's exit code when that is not 0
 */
export async function tools(paths: LabPaths, command: readonly string[]): Promise<void> {
  if (command.length === 0) {
    const { bin } = await prepareToolchain(paths, new Phases());
    process.stdout.write(`To have them in this shell:\n  export PATH="${bin}:$PATH"\n`);
    return;
  }
  const { bin } = await ensureToolchain(labContext(paths));
  const env = { PATH: `${bin}:${process.env["PATH"] ?? "/usr/bin:/bin"}` };
  if (refreshes(command)) await tellPutBack(() => putBackOwn(command, { cwd: paths.checkout, env }));
  await runOnTerminal(command, {
    ...env,
    // So that what the program's messages tell to type works as it is printed.
    [PREFIX_VARIABLE]: "npm run cluster -- tools",
  });
}
