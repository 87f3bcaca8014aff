/** The Debian and Ubuntu packages that the private libvirt needs on the host. */
import type { Requirement } from "../shared/packages.ts";

const emulator: Requirement =
  process.arch === "arm64"
    ? { binary: "qemu-system-aarch64", packages: ["qemu-system-arm"] }
    : { binary: "qemu-system-x86_64", packages: ["qemu-system-x86"] };

/**
 * For `missingPackages`. libvirt by its package's name, since that brings the user that QEMU runs as, too; it
 * draws in the daemons and drivers, which Debian 13 splits into a dozen packages.
 */
export const libvirtRequirements: readonly Requirement[] = [
  "libvirt-daemon-system",
  { binary: "virsh", packages: ["libvirt-clients"] },
  emulator,
  { binary: "qemu-img", packages: ["qemu-utils"] }, // libvirt makes overlay volumes with it
  { binary: "dnsmasq", packages: ["dnsmasq-base"] },
  { binary: "etcd", packages: ["etcd-server"] },
  { binary: "ip", packages: ["iproute2"] },
  { binary: "mount", packages: ["mount"] },
  { binary: "nsenter", packages: ["util-linux"] },
];

/**
 * What the integration tests run besides: machines of other architectures (19 MB of packages; their s390x emulator would be
 * 46 MB more and is left out), libvirt's schema check, and an sshd that makes a lab another machine.
 */
export const guestTestRequirements: readonly Requirement[] = [
  { binary: "qemu-system-aarch64", packages: ["qemu-system-arm"] },
  { binary: "/usr/share/AAVMF/AAVMF_CODE.fd", packages: ["qemu-efi-aarch64"] },
  { binary: "qemu-system-ppc64", packages: ["qemu-system-ppc"] },
  { binary: "xmllint", packages: ["libxml2-utils"] },
  { binary: "/usr/sbin/sshd", packages: ["openssh-server"] },
];
