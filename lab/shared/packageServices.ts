/**
 * Services that packages bring along stay off: the lab needs the packages' programs, runs them in namespaces of its own, and
 * leaves the machine as it was otherwise.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, rm, writeFile } from "node:fs/promises";
import type { LabContext } from "./context.ts";
import { run } from "./process.ts";

/** Debian's word on which services may be started while packages are installed (invoke-rc.d(8), deb-systemd-invoke(1p)). */
const policyFile = "/usr/sbin/policy-rc.d";

const unitFolders = ["/usr/lib/systemd/system", "/lib/systemd/system"];

/** Units of the daemons whose programs the lab runs for itself: etcd's, and libvirt's many. */
const ours = /^(etcd|libvirt|virt[a-z]+d\b).*\.(service|socket)$/;

/** The units of such daemons that the machine has. */
export const serviceUnits = (folders: readonly string[] = unitFolders): Set<string> =>
  new Set(
    folders
      .flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []))
      .filter((name) => ours.test(name)),
  );

/**
 * The policy: nothing is started as long as this process runs. When it was killed and left the file behind, the file
 * takes itself away the first time it is asked, and allows what was asked.
 */
export function policyScript(
  pid: number = process.pid,
  startTime: string = startTimeOf(process.pid),
): string {
  return `#!/bin/sh
# Made by coreos-cluster for as long as it installs packages (process ${pid}); to be removed at will.
if [ "$(sed 's/.*) //' /proc/${pid}/stat 2>/dev/null | cut -d ' ' -f 20)" = ${startTime} ]; then exit 101; fi
rm -f -- "$0"
exit 0
`;
}

const startTimeOf = (pid: number): string => {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
};

/**
 * Runs an installation of packages so that no service starts with it, now or at the next boot. A policy that the machine's owner
 * has set is left alone; so are services that were there before.
 */
export async function withServicesOff(
  context: LabContext,
  install: () => Promise<void>,
  file = policyFile,
): Promise<void> {
  const before = serviceUnits();
  const made = !existsSync(file);
  if (made) {
    await writeFile(file, policyScript());
    await chmod(file, 0o755);
  }
  try {
    await install();
  } finally {
    if (made) await rm(file, { force: true });
  }
  await disable(
    context,
    [...serviceUnits()].filter((unit) => !before.has(unit)),
  );
}

async function disable(context: LabContext, units: readonly string[]): Promise<void> {
  if (units.length === 0 || !existsSync("/run/systemd/system")) return;
  context.report(`leaving services off that came along: ${units.join(", ")}`);
  for (const unit of units) {
    // One by one: templates and units that only others start can't be disabled, which is fine.
    await run("systemctl", ["disable", unit], { log: context.paths.log }).catch(() => undefined);
  }
}
