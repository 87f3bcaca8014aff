/** How a machine of each processor architecture differs from the others. docs/architectures.md shows the same as a table. */
import type { Architecture, DomainType } from "../plan/types.ts";

/** What domain.xsl is followed by for an architecture: files in xslt/, whose templates come before its own. */
export type Fragment = "aarch64" | "ppc64le" | "s390x" | "ignition-disk";

export interface ArchitectureTraits {
  /**
   * Where Ignition reads its config: QEMU's firmware configuration device, or, where the machine has none, a virtio disk
   * with the serial number `ignition` (https://github.com/coreos/ignition/issues/928).
   */
  readonly ignition: "fw_cfg" | "disk";
  /**
   * The CPU of an emulated machine, as a mode of libvirt; undefined: QEMU's own default, which boots what we support.
   * `custom` names a model in the fragment.
   */
  readonly emulatedCpu: "custom" | "maximum" | undefined;
  readonly fragments: readonly Fragment[];
  /** MiB that memory comes in: libvirt rounds up to it, which the provider would take for a change. */
  readonly memoryStep: number;
}

/**
 * Machine type, emulator and console's hardware are not here: the provider and libvirt choose them by the architecture,
 * and what is chosen depends on the host's QEMU.
 */
export const ARCHITECTURES: Readonly<Record<Architecture, ArchitectureTraits>> = {
  x86_64: { ignition: "fw_cfg", emulatedCpu: undefined, fragments: [], memoryStep: 1 },
  i686: { ignition: "fw_cfg", emulatedCpu: undefined, fragments: [], memoryStep: 1 },
  // QEMU's default for `virt` is a 32-bit core; `maximum` has pointer authentication, which is slow to emulate.
  aarch64: { ignition: "fw_cfg", emulatedCpu: "custom", fragments: ["aarch64"], memoryStep: 1 },
  // QEMU's default lacks facilities that current distributions are compiled for.
  s390x: { ignition: "disk", emulatedCpu: "maximum", fragments: ["s390x", "ignition-disk"], memoryStep: 1 },
  ppc64le: {
    ignition: "disk",
    emulatedCpu: undefined,
    fragments: ["ppc64le", "ignition-disk"],
    memoryStep: 256,
  },
};

/** The CPU mode of a domain; undefined where libvirt and QEMU choose. */
export const cpuMode = (arch: Architecture, type: DomainType): string | undefined =>
  type === "kvm" ? "host-passthrough" : ARCHITECTURES[arch].emulatedCpu;

/** The memory that a machine gets, in MiB. */
export const memoryOf = (arch: Architecture, memory: number): number => {
  const { memoryStep } = ARCHITECTURES[arch];
  return Math.ceil(memory / memoryStep) * memoryStep;
};
