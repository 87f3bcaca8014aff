/** The names of the profiles in ignition/profiles that a config can choose, and what each is for. */

export interface ProfileTraits {
  /** One line for docs and messages. */
  readonly description: string;
}

export const PROFILES = {
  base: { description: "host name, address by DHCP, keys of user core" },
  "metadata-local": { description: "the node's addresses in its metadata file, asked of its network card" },
  "metadata-remote": { description: "the node's addresses in its metadata file, asked of metadataUrl" },
  etcd: { description: "a member of the etcd cluster" },
  "etcd-client": { description: "etcdctl and programs on the node find the cluster's members" },
  "etcd-debug": { description: "etcd logs all that it does and serves its profiler" },
  docker: { description: "Docker runs from boot on" },
  "docker-remote": { description: "Docker's API on a TCP socket (dockerListen), without a password" },
  ntp: { description: "the time from ntpServers" },
  autologin: { description: "user core is logged in on the serial console, for debugging" },
} as const satisfies Readonly<Record<string, ProfileTraits>>;

export type ProfileName = keyof typeof PROFILES;
export const PROFILE_NAMES = Object.keys(PROFILES) as ProfileName[];
