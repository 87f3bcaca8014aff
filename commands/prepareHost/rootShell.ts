/** A shell of root's on a host, by sudo where the login is another user's. */
import { execa } from "execa";
import { isRoot } from "../doctor/shell.ts";
import { adviceFor, withoutBanner } from "../../host/trouble.ts";
import type { HostShell } from "../doctor/types.ts";
import { complaint } from "../doctor/words.ts";
import { UserError } from "../ui/errors.ts";

/**
 * @param uri the connection that the shell is of.
 * @returns the same shell where it is root's already.
 * @throws UserError where sudo gives no root.
 */
export async function rootShell(shell: HostShell, uri: string): Promise<HostShell> {
  const reached = await shell.run(["true"], { timeout: 30 });
  if (reached.code !== 0) {
    const advice = adviceFor(uri, `${reached.stderr}\n${complaint(reached)}`);
    const what = `${shell.name} can't be reached: ${withoutBanner(complaint(reached))}`;
    throw new UserError(advice === undefined ? what : `${what}\n  ${advice}`);
  }
  if (await isRoot(shell)) return shell;
  // Here sudo may ask for a password, on the terminal; at the other end of an ssh without one it can't.
  if (shell.local) await execa("sudo", ["--validate"], { stdio: "inherit", reject: false });
  const elevated: HostShell = {
    ...shell,
    run: (command, options) => shell.run(["sudo", "-n", ...command], options),
  };
  if (await isRoot(elevated)) return elevated;
  throw new UserError(
    shell.local
      ? "host-prepare changes the host's network and needs root: run it as root, or install sudo"
      : `host-prepare needs root on ${shell.name}: log in as root (--connect qemu+ssh://root@${shell.name}/system), or allow sudo without a password there`,
  );
}
