/** Whether KVM really runs a guest on the host: /dev/kvm can be there, open, and still hang every one of them. */
import { probeGuest, type ProbeGuest } from "../../../lab/libvirt/kvmGuests.ts";
import type { Check, HostShell, Output, PlanFacts, Verdict } from "../types.ts";
import { asRootHere, complaint, noShell, ok, unproven } from "../words.ts";

/** Seconds that the probe's guest may take; it needs some 0.1 s where KVM works. */
const LIMIT = 5;

/**
 * Writes the guest (standard input) to a file, runs it and removes the file whatever happens. `timeout` sends SIGKILL, for a QEMU
 * whose guest hangs inside the kernel may not hear SIGTERM.
 */
const SCRIPT = `file=$(mktemp) || exit 126
trap 'rm -f "$file"' EXIT
cat >"$file"
timeout --signal=KILL "$1" "$2" -accel "$3" $4 -nodefaults -no-user-config -display none -no-reboot -m 32 -bios "$file" </dev/null`;

/** What was seen of KVM on the host. */
export type KvmSeen =
  | { readonly kind: "no shell" }
  | { readonly kind: "no device" }
  /** The shell's user may not open it; libvirt's own user may. */
  | { readonly kind: "closed" }
  | { readonly kind: "no emulator"; readonly emulator: string }
  | { readonly kind: "hangs" }
  | { readonly kind: "fails"; readonly words: string }
  | { readonly kind: "runs" };

/** Runs the probe's guest on the host, by `kvm` or (to try the probe itself) by `tcg`. */
export const runGuest = (
  shell: HostShell,
  guest: ProbeGuest,
  accelerator: "kvm" | "tcg",
  limit: number = LIMIT,
): Promise<Output> => {
  const cpu = guest.emulator.endsWith("aarch64") ? ["-cpu", accelerator === "kvm" ? "host" : "max"] : [];
  const machine = [...guest.machine, ...cpu].join(" ");
  return shell.run(["sh", "-c", SCRIPT, "probe", String(limit), guest.emulator, accelerator, machine], {
    input: guest.firmware,
    timeout: limit + 15,
  });
};

/** What the guest's end says. */
export function readProbe(guest: ProbeGuest, answer: Output): KvmSeen {
  if (answer.code === guest.exitCode && (answer.code !== 0 || answer.stderr.trim() === ""))
    return { kind: "runs" };
  if (answer.code === 137 || answer.code === 124) return { kind: "hangs" };
  const words = `${answer.stdout}${answer.stderr}`.trim();
  if (/timeout: failed to run command/.test(words)) return { kind: "no emulator", emulator: guest.emulator };
  if (/Could not access KVM kernel module: Permission denied/.test(words)) return { kind: "closed" };
  return { kind: "fails", words: complaint(answer) };
}

async function look(shell: HostShell | undefined): Promise<KvmSeen> {
  if (shell === undefined) return { kind: "no shell" };
  if ((await shell.run(["test", "-e", "/dev/kvm"])).code !== 0) return { kind: "no device" };
  const machine = (await shell.run(["uname", "-m"])).stdout.trim();
  const guest = probeGuest(machine === "aarch64" ? "arm64" : "x64");
  return readProbe(guest, await runGuest(shell, guest, "kvm"));
}

export function judgeKvm(
  seen: KvmSeen,
  { uri, shell, typed }: { uri: string; shell: HostShell | undefined; typed: (command: string) => string },
): Verdict {
  const why =
    "domainType is kvm: every machine runs by it. With domainType qemu all are emulated, ten times slower or more.";
  const emulated = typed("pulumi config set domainType qemu");
  const load = shell?.asRoot("modprobe -a kvm_intel kvm_amd") ?? "modprobe -a kvm_intel kvm_amd";
  switch (seen.kind) {
    case "runs":
      return ok("KVM ran a guest to its end", why);
    case "no device":
      return {
        level: "problem",
        found:
          "the host has no /dev/kvm: no virtualisation in its processor, switched off in its firmware, or its module not loaded",
        why,
        remedy: `${load} # or, where that does not bring it: ${emulated}`,
      };
    case "hangs":
      return {
        level: "problem",
        found: `/dev/kvm is there, but a guest of a few instructions did not end within ${LIMIT} s`,
        why,
        remedy: emulated,
      };
    case "fails":
      return {
        level: "problem",
        found: `/dev/kvm is there, but a guest does not start: ${seen.words}`,
        why,
        remedy: emulated,
      };
    case "closed":
      return unproven(
        "whether KVM runs a guest",
        "/dev/kvm is there, but not for this user; libvirt's own user may open it",
        why,
        shell === undefined ? undefined : asRootHere(shell),
      );
    case "no emulator":
      return unproven("whether KVM runs a guest", `${seen.emulator} is not on the PATH there`, why);
    case "no shell":
      return unproven(
        "whether KVM runs a guest",
        `libvirt lists kvm, which proves nothing; ${noShell({ uri })}`,
        why,
      );
  }
}

/** Machines of the plan run by KVM. */
const needsKvm = ({ domainType }: Pick<PlanFacts, "domainType">): boolean => domainType === "kvm";

export const kvm: Check = {
  id: "kvm",
  about: "KVM runs a guest of a few instructions to its end, where the plan's machines are to run by it",
  quick: {},
  connected: true,
  run: async ({ plan, shell, uri, typed }) =>
    needsKvm(plan)
      ? [judgeKvm(await look(shell), { uri, shell, typed })]
      : [
          ok(
            "not needed: domainType is qemu, machines are emulated",
            "Emulation needs nothing of the processor.",
          ),
        ],
};
