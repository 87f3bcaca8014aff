/** Configs with one mistake each, and exactly what is said of them. */
import addresses from "./addresses.ts";
import etcd from "./etcd.ts";
import host from "./host.ts";
import hosts from "./hosts.ts";
import image from "./image.ts";
import machines from "./machines.ts";
import machinesByName from "./machinesByName.ts";
import software from "./software.ts";
import type { WrongConfig } from "./types.ts";
import unknownKeys from "./unknownKeys.ts";

export type { WrongConfig } from "./types.ts";

export const WRONG_CONFIGS = {
  machines,
  "machines by name": machinesByName,
  addresses,
  image,
  "what is on the machines": software,
  "the etcd cluster": etcd,
  "on the libvirt host": host,
  "several libvirt hosts": hosts,
  "keys that there are not": unknownKeys,
} satisfies Readonly<Record<string, readonly WrongConfig[]>>;
