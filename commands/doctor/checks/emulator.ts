/** Whether the host has an emulator for this plan's machines, in the way in which they are to run. */
import { domainTypes } from "../../../host/emulators.ts";
import type { Check, PlanFacts, Verdict } from "../types.ts";
import { ok } from "../words.ts";

/** What brings the emulator, on Debian and Ubuntu. */
const PACKAGES: Readonly<Record<PlanFacts["arch"], string>> = {
  x86_64: "qemu-system-x86",
  i686: "qemu-system-x86",
  aarch64: "qemu-system-arm qemu-efi-aarch64",
  s390x: "qemu-system-s390x",
  ppc64le: "qemu-system-ppc",
};

/**
 * @param capabilities of `virsh capabilities`.
 * @param domain of `virsh domcapabilities` for aarch64, whose machines boot by UEFI only.
 */
export function judgeEmulator(
  { arch, domainType }: Pick<PlanFacts, "arch" | "domainType">,
  capabilities: string,
  domain: string | undefined,
  words: { readonly asRoot: (command: string) => string; readonly typed: (command: string) => string },
): Verdict {
  const why = `This plan's machines are ${arch}, of type ${domainType}.`;
  const types = [...new Set(domainTypes(capabilities, arch))];
  if (types.length === 0)
    return {
      level: "problem",
      found: `no emulator for ${arch} machines`,
      why,
      remedy: words.asRoot(`apt-get install ${PACKAGES[arch]}`),
    };
  if (!types.includes(domainType))
    return {
      level: "problem",
      found: `${arch} machines can be of type ${types.join(", ")} only`,
      why: `${why} KVM runs machines of the host's own architecture and needs /dev/kvm.`,
      remedy: words.typed("pulumi config set domainType qemu"),
    };
  if (
    arch === "aarch64" &&
    domain !== undefined &&
    !/<enum name='firmware'>\s*<value>efi<\/value>/.test(domain)
  )
    return {
      level: "problem",
      found: `no UEFI for ${arch} machines`,
      why: `${why} They have no other firmware.`,
      remedy: words.asRoot("apt-get install qemu-efi-aarch64"),
    };
  return ok(`${arch} machines of type ${types.join(", ")}`, why);
}

export const emulator: Check = {
  id: "emulator",
  about: "an emulator for the machines' architecture and type",
  // `up` asks it itself.
  quick: { run: () => Promise.resolve([]) },
  connected: true,
  run: async ({ virsh, plan, shell, typed }) => {
    const { arch, domainType } = plan;
    const domain =
      arch === "aarch64"
        ? await virsh("domcapabilities", "--arch", arch, "--machine", "virt", "--virttype", domainType).catch(
            () => "",
          )
        : undefined;
    const asRoot = shell?.asRoot ?? ((command: string) => command);
    return [judgeEmulator(plan, await virsh("capabilities"), domain, { asRoot, typed })];
  },
};
