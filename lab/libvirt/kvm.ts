/** Whether KVM really runs guests here: /dev/kvm can be there, open, and still hang every one of them. */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LabContext } from "../shared/context.ts";
import { ProcessError, run } from "../shared/process.ts";
import { probeGuest, type ProbeGuest } from "./kvmGuests.ts";

/** How guests are to be run: libvirt's domain types. */
export type DomainType = "kvm" | "qemu";

/** What a probe found; it holds until the machine boots again or its /dev/kvm comes or goes. */
export interface KvmFinding {
  readonly boot: string;
  /** Whether there was a /dev/kvm. */
  readonly device: boolean;
  readonly domainType: DomainType;
  /** In words, for people. */
  readonly reason: string;
}

/** Seconds that the probe's guest may take; it needs some 0.1 s where KVM works. */
const limit = 5;

/**
 * Runs the probe's guest, on the default processor model: the one that domains get whose definition names none.
 * @param accelerator `kvm`, or `tcg` to test the probe itself.
 * @returns undefined when the guest ran to its end, else why it didn't.
 */
export async function runProbe(
  accelerator: "kvm" | "tcg",
  guest: ProbeGuest = probeGuest(),
  seconds = limit,
): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "coreos-cluster-kvm-"));
  const start = Date.now();
  try {
    const file = join(folder, "firmware");
    await writeFile(file, guest.firmware);
    const cpu = guest.emulator.endsWith("aarch64") ? ["-cpu", accelerator === "kvm" ? "host" : "max"] : [];
    const rest = [
      "-nodefaults",
      "-no-user-config",
      "-display",
      "none",
      "-no-reboot",
      "-m",
      "32",
      "-bios",
      file,
    ];
    // `timeout` and SIGKILL, for a QEMU whose guest hangs inside the kernel may not hear SIGTERM.
    const words = ["--signal=KILL", String(seconds), guest.emulator, "-accel", accelerator];
    await run("timeout", [...words, ...guest.machine, ...cpu, ...rest]);
    return guest.exitCode === 0 ? undefined : "the guest ended without having run";
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    if (error.exitCode === guest.exitCode) return undefined;
    if (Date.now() - start >= seconds * 1000) {
      return `a guest of a few instructions did not end within ${seconds} s`;
    }
    return error.output.trim().split("\n").at(-1) || error.message;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

async function find(): Promise<KvmFinding> {
  const boot = bootId();
  if (!existsSync("/dev/kvm")) {
    return { boot, device: false, domainType: "qemu", reason: "this machine has no /dev/kvm" };
  }
  const fault = await runProbe("kvm");
  return fault === undefined
    ? { boot, device: true, domainType: "kvm", reason: "KVM runs guests" }
    : { boot, device: true, domainType: "qemu", reason: `/dev/kvm is there, but ${fault}` };
}

async function readFinding(file: string): Promise<KvmFinding | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as KvmFinding;
  } catch {
    return undefined; // not there, or cut off
  }
}

/** What the probe finds; it runs once per boot of the machine, its finding is kept in the lab's folder. */
export async function kvmFinding(context: LabContext): Promise<KvmFinding> {
  const file = join(context.paths.lab, "kvm.json");
  const known = await readFinding(file);
  if (known?.boot === bootId() && known.device === existsSync("/dev/kvm")) return known;
  context.report("trying whether KVM runs guests here");
  const found = await find();
  await mkdir(context.paths.lab, { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify(found, null, 2)}\n`);
  await rename(`${file}.new`, file);
  return found;
}
