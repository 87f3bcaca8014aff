/** Whether the host's QEMU and libvirt hand Ignition's config to the machines. */
import { compareVersions } from "./tools.ts";
import { runHere } from "../shell.ts";
import type { Check, Output, PlanFacts, Verdict } from "../types.ts";
import { ok, unproven } from "../words.ts";

/** QEMU's option -fw_cfg came with 2.4 (its ChangeLog), `<sysinfo type='fwcfg'>` with libvirt 6.5.0 (its news). */
const QEMU = "2.4.0";
const LIBVIRT = "6.5.0";

/** Machines of these architectures have no fw_cfg that Ignition reads: a small disk takes its place. */
const BY_DISK: readonly PlanFacts["arch"][] = ["s390x", "ppc64le"];

/** @param versions of `virsh version --daemon`. */
export function judgeFwCfg(
  arch: PlanFacts["arch"],
  versions: Output,
  asRoot: (command: string) => string,
): Verdict {
  const why = "Ignition finds a node's config in QEMU's fw_cfg; without it no node is set up.";
  if (BY_DISK.includes(arch)) return ok(`not needed: ${arch} machines get their config on a small disk`, why);
  const qemu = /Running hypervisor: *QEMU *(\d[\d.]*)/.exec(versions.stdout)?.[1];
  const libvirt = /Running against daemon: *(\d[\d.]*)/.exec(versions.stdout)?.[1];
  if (qemu === undefined) return unproven("fw_cfg", "the host does not say which QEMU it has", why);
  const remedy = asRoot("apt-get install --only-upgrade qemu-system-x86 libvirt-daemon-system");
  if (compareVersions(qemu, QEMU) < 0)
    return {
      level: "problem",
      found: `QEMU ${qemu} has no -fw_cfg; ${QEMU} is the first that does`,
      why,
      remedy,
    };
  if (libvirt === undefined)
    return unproven("libvirt's fwcfg", "the host does not say which libvirt it has", why);
  if (compareVersions(libvirt, LIBVIRT) < 0)
    return {
      level: "problem",
      found: `libvirt ${libvirt} does not know <sysinfo type='fwcfg'>; ${LIBVIRT} is the first that does`,
      why,
      remedy,
    };
  return ok(`QEMU ${qemu} and libvirt ${libvirt} know fw_cfg`, why);
}

export const fwCfg: Check = {
  id: "fw-cfg",
  about: "QEMU and libvirt are new enough for fw_cfg, by which Ignition gets its config",
  quick: {},
  connected: true,
  run: async ({ uri, plan, shell }) => [
    judgeFwCfg(
      plan.arch,
      await runHere(["virsh", "--connect", uri, "version", "--daemon"]),
      shell?.asRoot ?? ((command) => command),
    ),
  ],
};
