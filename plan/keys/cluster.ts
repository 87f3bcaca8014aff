/** Config keys of the etcd cluster. */
import { DEFAULTS } from "../defaults.ts";
import type { KeyTable } from "./types.ts";

export const DISCOVERY_MODES = ["service", "etcd", "url", "static", "v3"] as const;
const MODES = "service, etcd, url, static or v3";

export const CLUSTER_KEYS = {
  etcdVersion: {
    description: "etcd's version, such as 3.5.21; by default the one that the system or the profile brings",
    expected: "a version of etcd 3 with all three numbers, such as 3.5.21",
    example: "3.5.21",
    default: "the system's or the profile's",
    details:
      "With or without a `v` in front. etcd 3.6 ended v2 discovery and began v3 discovery: see [Discovery](#discovery).",
  },
  discovery: {
    description: `How the members of a new cluster find each other: a map with mode ${MODES}`,
    expected: `an object with a mode: ${MODES}`,
    example: "service",
    within: ["mode"],
    default: "`mode: service`",
    parts: {
      mode: { description: MODES, expected: MODES, example: "service" },
      endpoint: {
        description: "for `service` and `etcd`: the service's or registry's URL",
        expected: "the http or https URL of the discovery service or etcd registry",
        example: "http://registry.example:2379",
      },
      url: {
        description: "for `url`: the token's URL",
        expected: "the http or https URL of a discovery token",
        example: "'https://discovery.etcd.io/<token>'",
      },
      endpoints: {
        description:
          "for `v3`: URLs of an etcd cluster that serves as registry, as a list or with commas between",
        expected:
          "the http or https URLs of the etcd members (3.4 or newer) that serve as registry, without paths",
        example: "http://registry.example:2379",
      },
      token: {
        description: "for `v3`: a token that somebody else made; without it one is made",
        expected: "a token of at most 128 letters, digits, - and _",
        example: "my-cluster",
      },
    },
  },
  bootstrapSize: {
    description: "How many members a new cluster begins with; the others join it",
    expected: "a whole number from 0 to 99, no more than there are members",
    example: "3",
    default: "the number of members",
    details:
      "Set it to the number of members that a cluster has before `nodes` is raised, and the machines that are there stay: new members " +
      "join the running cluster, and leave it when `nodes` is lowered again. Not set, or changed, the cluster is made anew. The first in " +
      "the order of names begin, without those whose entry says `joins: true`. See [day-two.md](day-two.md).",
  },
  rejoin: {
    description:
      "Which machines were made anew in the running cluster; written by the verbs replace and roll",
    expected: "what the verbs replace and roll wrote there",
    example: "'0123456789ab.ba9876543210 dev-core02=1'",
    default: "none",
    details:
      "The cluster that it is about, and the machines, each with its place in the order in which they were made anew. In another cluster (after a " +
      "`destroy`, or when the members were rebuilt) it counts for nothing. Don't take it out while that cluster lives: its machines would " +
      "be made anew. See [day-two.md](day-two.md).",
  },
  tls: {
    description: "Whether members, their clients and Docker's remote API need certificates: true or false",
    expected: "true or false",
    example: "true",
    default: "`false`",
    details:
      "Peers and clients of etcd then speak mutual TLS, with an authority and keys of the stack's own. Turning it on or off rebuilds " +
      "the cluster. See [TLS](tls.md).",
  },
  tlsRotation: {
    description:
      "Another value makes another authority, other keys and certificates, and rebuilds the cluster",
    expected: "a number or a word of at most 64 letters, digits, -, _ and .",
    example: "2",
    default: `\`${DEFAULTS.tlsRotation}\``,
    details: "Counts where `tls` is `true`.",
  },
  readinessTimeout: {
    description: "Seconds that the cluster may take from start to healthy",
    expected: "a whole number of seconds from 10 to 86400",
    example: "900",
    default: `\`${DEFAULTS.readinessTimeout.kvm}\`; \`${DEFAULTS.readinessTimeout.qemu}\` where \`domainType\` is \`qemu\``,
    details: "When they are over, `pulumi up` fails and says which node was not ready.",
  },
} as const satisfies KeyTable;
