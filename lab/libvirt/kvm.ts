/** Whether KVM really runs guests here: /dev/kvm can be there, open, and still hang every one of them. */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LabContext } from "../shared/context.ts";
import { ProcessError, run } from "../shared/process.ts";

/** How guests are to be run: libvirt's domain types. */
export type DomainType = "kvm" | "qemu";

/** What a probe found, and for what boot of what kind of machine it holds. */
export interface KvmFinding {
  readonly boot: string;
  readonly domainType: DomainType;
  /** In words, for people. */
  readonly reason: string;
}

/** A guest that ends by itself, and the exit code by which QEMU then says that it ran. */
export interface ProbeGuest {
  readonly emulator: string;
  readonly machine: readonly string[];
  readonly firmware: Buffer;
  readonly exitCode: number;
}

/** Seconds that the guest of a few instructions may take; it takes some 0.2 s where KVM works. */
const limit = 5;

/**
 * The probe's guest for x86: a firmware of 64 KiB whose reset vector, 16 bytes before its end, writes 0x10 to port 0xf4.
 * QEMU's isa-debug-exit device there ends QEMU with code (0x10 << 1) | 1.
 */
function x86Guest(): ProbeGuest {
  const firmware = Buffer.alloc(64 * 1024, 0xf4); // hlt
  Buffer.from([0xb0, 0x10, 0xe6, 0xf4, 0xf4, 0xeb, 0xfd]).copy(firmware, firmware.length - 16); // mov al,10h; out f4h,al; hlt; jmp -3
  return {
    emulator: "qemu-system-x86_64",
    machine: ["-machine", "pc", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x01"],
    firmware,
    exitCode: 33,
  };
}

/** The probe's guest for 64-bit Arm: its firmware asks PSCI for SYSTEM_OFF (0x84000008), and QEMU ends with code 0. */
function armGuest(): ProbeGuest {
  const firmware = Buffer.alloc(4096);
  // movz w0,#0x8400,lsl #16; movk w0,#8; hvc #0; b .
  [0x52b08000, 0x72800100, 0xd4000002, 0x14000000].forEach((word, at) =>
    firmware.writeUInt32LE(word, at * 4),
  );
  return { emulator: "qemu-system-aarch64", machine: ["-machine", "virt"], firmware, exitCode: 0 };
}

export const probeGuest = (arch: string = process.arch): ProbeGuest =>
  arch === "arm64" ? armGuest() : x86Guest();

/**
 * Runs the probe's guest.
 * @param accelerator `kvm`, or `tcg` to test the probe itself.
 * @returns undefined when the guest ran to its end, else why it didn't.
 */
export async function runProbe(
  accelerator: "kvm" | "tcg",
  guest: ProbeGuest = probeGuest(),
  seconds = limit,
): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "coreos-cluster-kvm-"));
  try {
    const file = join(folder, "firmware");
    await writeFile(file, guest.firmware);
    const cpu = accelerator === "kvm" ? ["-cpu", "host"] : ["-cpu", "max"];
    const common = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-m", "32"];
    try {
      await run(
        "timeout",
        [
          "--signal=KILL",
          String(seconds),
          guest.emulator,
          "-accel",
          accelerator,
          ...guest.machine,
          ...cpu,
          ...common,
          "-bios",
          file,
        ],
        {},
      );
      return guest.exitCode === 0 ? undefined : "the guest ended without having run";
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      if (error.exitCode === guest.exitCode) return undefined;
      if (error.exitCode === 137 || error.exitCode === undefined)
        return `a guest of a few instructions did not end within ${seconds} s`;
      return error.output.trim().split("\n").at(-1) ?? error.message;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

async function find(): Promise<KvmFinding> {
  const boot = bootId();
  if (!existsSync("/dev/kvm")) return { boot, domainType: "qemu", reason: "this machine has no /dev/kvm" };
  const fault = await runProbe("kvm");
  return fault === undefined
    ? { boot, domainType: "kvm", reason: "KVM runs guests" }
    : { boot, domainType: "qemu", reason: `/dev/kvm is there, but ${fault}` };
}

/** What the probe finds, run once per boot of the machine and remembered in the lab's folder. */
export async function kvmFinding(context: LabContext): Promise<KvmFinding> {
  const file = join(context.paths.lab, "kvm.json");
  const known = await readFinding(file);
  // A module loaded since the probe makes a /dev/kvm appear: look again.
  if (known?.boot === bootId() && !(known.reason.includes("no /dev/kvm") && existsSync("/dev/kvm")))
    return known;
  context.report("trying whether KVM runs guests here");
  const found = await find();
  await mkdir(context.paths.lab, { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify(found, null, 2)}\n`);
  await rename(`${file}.new`, file);
  return found;
}

async function readFinding(file: string): Promise<KvmFinding | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as KvmFinding;
  } catch {
    return undefined;
  }
}
