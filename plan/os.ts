/** What each operating system needs at least, and gets by default. */
import type { OsFamily } from "./types.ts";

interface OsNeeds {
  /** MiB below which the system does not come up, or etcd does not. */
  readonly memoryFloor: number;
  /** MiB where the config says nothing. */
  readonly memoryDefault: number;
}

/**
 * Flatcar unpacks /usr's verity initramfs in memory and its own libvirt guide starts guests with 1 GiB; Container Linux was
 * run with 384 MiB in the field; Fedora CoreOS's own guides use 2 GiB. The lab image was measured: it boots with 160 MiB.
 */
export const OS_NEEDS: Readonly<Record<OsFamily, OsNeeds>> = {
  "container-linux": { memoryFloor: 384, memoryDefault: 1024 },
  flatcar: { memoryFloor: 1024, memoryDefault: 2048 },
  "fedora-coreos": { memoryFloor: 1024, memoryDefault: 2048 },
  lab: { memoryFloor: 256, memoryDefault: 512 },
};

export const OS_FAMILIES = Object.keys(OS_NEEDS) as OsFamily[];
