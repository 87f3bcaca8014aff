/** The profiles in ignition/profiles that a config can choose: what each is for, and what can stand together. */
import type { OsFamily, Role } from "./types.ts";

export const PROFILE_NAMES = [
  "base",
  "metadata-local",
  "metadata-remote",
  "etcd",
  "etcd-client",
  "etcd-debug",
  "docker",
  "docker-remote",
  "ntp",
  "autologin",
] as const;

export type ProfileName = (typeof PROFILE_NAMES)[number];

export interface ProfileTraits {
  /** One line for docs and messages. */
  readonly description: string;
  /** Profiles that must all be there too. */
  readonly needs?: readonly ProfileName[];
  /** Profiles of which at least one must be there too. */
  readonly needsOneOf?: readonly ProfileName[];
  /** Profiles that can't be there too. */
  readonly excludes?: readonly ProfileName[];
  /** The systems that have what it sets up; all of them where nothing is said. */
  readonly os?: readonly OsFamily[];
  /** The only role whose machines can have it. */
  readonly role?: Role;
}

/** The lab's image has no Docker. */
const WITH_DOCKER: readonly OsFamily[] = ["container-linux", "flatcar", "fedora-coreos"];

export const PROFILES: Readonly<Record<ProfileName, ProfileTraits>> = {
  base: { description: "host name, address by DHCP, keys of user core" },
  "metadata-local": {
    description: "the node's addresses in its metadata file, asked of its network card",
    excludes: ["metadata-remote"],
  },
  "metadata-remote": {
    description: "the node's addresses in its metadata file, asked of metadataUrl",
    excludes: ["metadata-local"],
  },
  etcd: {
    description: "a member of the etcd cluster",
    needsOneOf: ["metadata-local", "metadata-remote"],
    role: "member",
  },
  "etcd-client": { description: "etcdctl and programs on the node find the cluster's members" },
  "etcd-debug": { description: "etcd logs all that it does and serves its profiler", needs: ["etcd"] },
  docker: { description: "Docker runs from boot on", os: WITH_DOCKER },
  "docker-remote": {
    description: "Docker's API on a TCP socket (dockerListen), without a password, or with tls",
    needs: ["docker"],
    os: WITH_DOCKER,
  },
  ntp: { description: "the time from ntpServers" },
  autologin: { description: "user core is logged in on the serial console, for debugging" },
};
