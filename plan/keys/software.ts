/** Config keys of what is on the machines. */
import { DEFAULTS } from "../defaults.ts";
import type { KeyTable } from "./types.ts";

const list = (names: readonly string[]): string => `\`${names.join(", ")}\``;

export const SOFTWARE_KEYS = {
  sshAuthorizedKeys: {
    description: "Public SSH keys that may log in as user core",
    expected: "a list of public keys, each one line as in a .pub file",
    example: `"$(cat ~/.ssh/id_ed25519.pub)"`,
    within: [0],
    default: "",
    details:
      "A list, each entry one line as in a `.pub` file. There is no default, since a cluster should not depend on who runs " +
      "`pulumi up`; an empty list (`[]`) makes nodes that nobody can log in to, with a warning.",
  },
  profiles: {
    description: "What the nodes are made of: names of profiles, as a list or with commas between",
    expected: "a list of profiles, or their names with commas between",
    example: DEFAULTS.profiles.member.join(","),
    default: `members ${list(DEFAULTS.profiles.member)}; clients ${list(DEFAULTS.profiles.client)}`,
    details:
      "The list counts for all nodes, whatever their role, but for those with a list of their own. It takes the place of the " +
      "defaults, so name those that shall stay. See [Profiles](#profiles).",
  },
  snippets: {
    description:
      "Files of your own that are merged with the profiles: paths of Butane or Container Linux Configs",
    expected: "a list of paths of Butane or Container Linux Configs",
    example: "./snippet.yaml",
    within: [0],
    default: "none",
    details:
      "A list of paths, absolute, from the project's folder, or with `~/` in front, each file 1 MiB at most. They are merged after the profiles, in " +
      "their order, on all nodes; a node's own snippets come after them.",
  },
  ignition: {
    description:
      "One file of your own in place of all profiles and snippets: path of a Butane or Container Linux Config",
    expected: "the path of a Butane or Container Linux Config",
    example: "./ignition.yml",
    default: "none",
    details: "`profiles` and `snippets` can't be set beside it.",
  },
  metadataUrl: {
    description: "Where the profile metadata-remote asks for a node's addresses: an http or https URL",
    expected: "the http or https URL of the metadata",
    example: "http://metadata.example/latest",
    default: "none",
    details: "Required by the profile `metadata-remote`.",
  },
  ntpServers: {
    description:
      "The time servers of the profile ntp: host names or addresses, as a list or with commas between",
    expected: "a list of host names or addresses of NTP servers",
    example: "0.pool.ntp.org",
    default: "those of the system",
    details: "Counts on nodes with the profile `ntp`.",
  },
  dockerListen: {
    description:
      "Address and port of the profile docker-remote's socket, which asks for no password without tls",
    expected: "an address and a port, such as 127.0.0.1:2375",
    example: DEFAULTS.dockerListen,
    default: `\`${DEFAULTS.dockerListen}\`; with \`tls\` \`${DEFAULTS.dockerListenTls}\``,
    details:
      "With `tls`, clients need a certificate of the stack's authority for Docker. Without it, whoever reaches this port rules the machine as root. On the node's own loopback, which is the default, that is whoever may log in; any " +
      "other address brings a warning on each run. IPv6 addresses stand in brackets: `[::1]:2375`. The port can't be one that the node needs: 22, and on members etcd's 2379, 2380, 4001 and 7001.",
  },
} as const satisfies KeyTable;
