/** The verbs `doctor` and `host-prepare` of the command line. */
import type { Command } from "commander";
import type { LabPaths } from "../../lab/shared/context.ts";
import type { DoctorOptions } from "../verbs/doctor.ts";
import type { HostPrepareOptions } from "../verbs/hostPrepare.ts";

/** Adds them. */
export function addDoctorVerbs(program: Command, paths: LabPaths): void {
  program
    .command("doctor")
    .description("check a libvirt host for a cluster: what is not right, why it matters, what mends it")
    .option("--connect <uri>", "the libvirt host; the lab where it is up, else the stack's libvirt:uri")
    .option("--stack <name>", "the stack whose definition the host is checked for", "dev")
    .option("--bridge <name>", "a bridge in place of the stack's")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      `
Exit code: 0 without a problem, 1 with one. Warnings and notes leave it at 0.
Some checks need root on the host and are left out without it, which is said.
Environment: LIBVIRT_DEFAULT_URI where neither --connect nor the stack says which host, PULUMI_OPTION_CONFIG_FILE.
What each check looks at: docs/doctor.md`,
    )
    .action(async (options: DoctorOptions) => {
      await (await import("../verbs/doctor.ts")).doctor(paths, options);
    });

  program
    .command("host-prepare")
    .description(
      "let a host's network carry machines on a bridge: kernel settings, packet filters, QEMU's bridge list",
    )
    .option("--bridge <name>", "the bridge, which must be there; the stack's otherwise")
    .option("--stack <name>", "the stack whose bridge it is", "dev")
    .option("--connect <uri>", "the libvirt host; qemu+ssh://... for another machine", "qemu:///system")
    .option("--skip <parts>", "leave out, with commas between: bridge, sysctls, firewall, acl, ksm")
    .option("--dry-run", "print the commands and change nothing")
    .option("--undo", "take everything back that was changed")
    .addHelpText(
      "after",
      `
Changes only what is not right yet, and writes down before each change what was there; --undo restores exactly that.
Everything but QEMU's bridge list is gone after a reboot: run it again then. See docs/doctor.md.`,
    )
    .action(async (options: HostPrepareOptions) => {
      await (await import("../verbs/hostPrepare.ts")).hostPrepare(paths, options);
    });
}
