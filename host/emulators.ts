/** Whether a libvirt host can run machines of an architecture. */
import { VirshError, type Virsh } from "./virsh.ts";

/** What brings the emulator, on Debian and Ubuntu. */
const PACKAGES: Readonly<Record<string, string>> = {
  x86_64: "qemu-system-x86",
  i686: "qemu-system-x86",
  aarch64: "qemu-system-arm qemu-efi-aarch64",
  s390x: "qemu-system-s390x (qemu-system-misc on older releases)",
  ppc64le: "qemu-system-ppc",
};

/** The domain types (`kvm`, `qemu`) that a host's capabilities list for hvm guests of an architecture. */
export function domainTypes(capabilities: string, arch: string): string[] {
  const guests = [...capabilities.matchAll(/<guest>([\s\S]*?)<\/guest>/g)].map((found) => found[1] ?? "");
  const own = guests.filter(
    (guest) =>
      guest.includes("<os_type>hvm</os_type>") && new RegExp(`<arch name=['"]${arch}['"]`).test(guest),
  );
  return own.flatMap((guest) =>
    [...guest.matchAll(/<domain type=['"](\w+)['"]/g)].map((found) => found[1] ?? ""),
  );
}

/** @throws VirshError that says what is missing on the host. */
export async function checkEmulator(virsh: Virsh, uri: string, arch: string, type: string): Promise<void> {
  const types = domainTypes(await virsh("capabilities"), arch);
  if (types.includes(type)) {
    if (arch === "aarch64") await checkFirmware(virsh, uri, arch, type);
    return;
  }
  const [what, remedy] =
    types.length === 0
      ? [
          `no emulator for ${arch} machines`,
          `Install it there (Debian, Ubuntu: ${PACKAGES[arch] ?? "qemu-system"})`,
        ]
      : [
          `no ${type} for ${arch} machines (it has ${[...new Set(types)].join(", ")})`,
          "KVM runs machines of the host's own architecture only, and needs /dev/kvm: use domainType qemu",
        ];
  throw new VirshError(`The libvirt host ${uri} has ${what}. ${remedy}, or choose another arch.`);
}

/** These machines have no BIOS: without a UEFI that libvirt finds they can't be defined. */
async function checkFirmware(virsh: Virsh, uri: string, arch: string, type: string): Promise<void> {
  const able = await virsh("domcapabilities", "--arch", arch, "--machine", "virt", "--virttype", type);
  if (/<enum name='firmware'>\s*<value>efi<\/value>/.test(able)) return;
  throw new VirshError(
    `The libvirt host ${uri} has no UEFI for ${arch} machines. Install it there (Debian, Ubuntu: qemu-efi-${arch}; ` +
      `Fedora: edk2-${arch}).`,
  );
}
