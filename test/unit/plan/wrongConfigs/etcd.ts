/** Wrong configs: the etcd cluster. */
import type { WrongConfig } from "./types.ts";

export default [
  {
    set: { etcdVersion: "3.5" },
    says: 'etcdVersion is "3.5"',
    right: "a version of etcd 3 with all three numbers, such as 3.5.21",
    mend: "pulumi config set etcdVersion 3.5.21",
  },
  {
    set: { etcdVersion: "latest" },
    says: 'etcdVersion is "latest"',
    right: "a version of etcd 3 with all three numbers, such as 3.5.21",
    mend: "pulumi config set etcdVersion 3.5.21",
  },
  {
    set: { etcdVersion: "2.3.8" },
    says: 'etcdVersion is "2.3.8"',
    right: "a version of etcd 3 with all three numbers, such as 3.5.21",
    mend: "pulumi config set etcdVersion 3.5.21",
  },
  {
    set: { etcdVersion: "3.5.21" },
    says: 'etcdVersion is "3.5.21"',
    right: "not set: the lab's image brings etcd 3.4 and runs no other",
    mend: "pulumi config rm etcdVersion",
  },
  {
    set: { os: "flatcar", memory: "1GiB", etcdVersion: "v3.6.5" },
    says: 'etcdVersion is "v3.6.5"',
    right:
      "older than 3.6, where v2 discovery ends, since discovery.mode is service; newer ones need the mode v3 or static",
    mend: "pulumi config set etcdVersion 3.5.21",
  },
  {
    set: { discovery: "etcd" },
    says: 'discovery is "etcd"',
    right: "an object with a mode: service, etcd, url, static or v3",
    mend: "pulumi config rm discovery && pulumi config set --path discovery.mode etcd",
  },
  {
    set: { discovery: { mode: "sttaic" } },
    says: 'discovery.mode is "sttaic"',
    right: "service, etcd, url, static or v3",
    mend: "pulumi config set --path discovery.mode static",
  },
  {
    set: { discovery: { mode: "gossip" } },
    says: 'discovery.mode is "gossip"',
    right: "service, etcd, url, static or v3",
    mend: "pulumi config set --path discovery.mode service",
  },
  {
    set: { discovery: [] },
    says: "discovery is []",
    right: "an object with a mode: service, etcd, url, static or v3",
    mend: "pulumi config rm discovery && pulumi config set --path discovery.mode service",
  },
  {
    set: { discovery: {} },
    says: "discovery.mode is not set",
    right: "service, etcd, url, static or v3",
    mend: "pulumi config set --path discovery.mode service",
  },
  {
    set: { discovery: { mode: "dns" } },
    says: 'discovery.mode is "dns"',
    right: "service, etcd, url, static or v3",
    mend: "pulumi config set --path discovery.mode service",
  },
  {
    set: { discovery: { mode: "etcd" } },
    says: "discovery.endpoint is not set",
    right: "the http or https URL of the discovery service or etcd registry",
    mend: "pulumi config set --path discovery.endpoint http://registry.example:2379",
  },
  {
    set: { discovery: { mode: "etcd", endpoint: "registry:2379" } },
    says: 'discovery.endpoint is "registry:2379"',
    right: "an http or https URL that paths can be added to, such as http://registry.example:2379",
    mend: "pulumi config set --path discovery.endpoint http://registry.example:2379",
  },
  {
    set: { discovery: { mode: "service", endpoint: "ftp://x" } },
    says: 'discovery.endpoint is "ftp://x"',
    right: "an http or https URL that paths can be added to, such as http://registry.example:2379",
    mend: "pulumi config set --path discovery.endpoint https://discovery.etcd.io",
  },
  {
    set: { discovery: { mode: "url" } },
    says: "discovery.url is not set",
    right: "the http or https URL of a discovery token",
    mend: "pulumi config set --path discovery.url 'https://discovery.etcd.io/<token>'",
  },
  {
    set: { discovery: { mode: "url", url: "x" } },
    says: 'discovery.url is "x"',
    right: "the http or https URL of a discovery token, such as https://discovery.etcd.io/<token>",
    mend: "pulumi config set --path discovery.url 'https://discovery.etcd.io/<token>'",
  },
  {
    set: { discovery: { mode: "service", url: "https://x/y" } },
    says: 'discovery.url is "https://x/y"',
    right: "nothing here; this discovery mode has no such part",
    mend: "pulumi config rm --path discovery.url",
  },
  {
    set: { discovery: { mode: "etcd", endpoint: "http://x", endpiont: "http://y" } },
    says: 'discovery.endpiont is "http://y"',
    right: "the key endpoint; there is none of this name",
    mend: "pulumi config rm --path discovery.endpiont",
  },
  {
    set: { discovery: { mode: "static", endpoint: "http://x" } },
    says: 'discovery.endpoint is "http://x"',
    right: "nothing here; this discovery mode has no such part",
    mend: "pulumi config rm --path discovery.endpoint",
  },
  {
    set: { discovery: { mode: "v3", endpoints: "http://r:2379" } },
    says: 'discovery.mode is "v3"',
    right: "service, etcd, url or static: v3 discovery needs etcd 3.6, and the lab's image has 3.4",
    mend: "pulumi config rm discovery && pulumi config set --path discovery.mode static",
  },
  {
    set: { os: "flatcar", discovery: { mode: "v3", endpoints: ["http://r:2379"] } },
    says: "etcdVersion is not set",
    right: "3.6.0 or newer, since discovery.mode is v3 and older versions don't know it",
    mend: "pulumi config set etcdVersion 3.6.5",
  },
  {
    set: { os: "flatcar", etcdVersion: "3.5.21", discovery: { mode: "v3", endpoints: ["http://r:2379"] } },
    says: 'etcdVersion is "3.5.21"',
    right: "3.6.0 or newer, since discovery.mode is v3 and older versions don't know it",
    mend: "pulumi config set etcdVersion 3.6.5",
  },
  {
    set: { os: "flatcar", etcdVersion: "3.6.1", discovery: { mode: "v3" } },
    says: "discovery.endpoints is not set",
    right: "the http or https URLs of the etcd members (3.4 or newer) that serve as registry, without paths",
    mend: "pulumi config set --path discovery.endpoints http://registry.example:2379",
  },
  {
    set: { os: "flatcar", etcdVersion: "3.6.1", discovery: { mode: "v3", endpoints: [] } },
    says: "discovery.endpoints is []",
    right: "the http or https URLs of the etcd members (3.4 or newer) that serve as registry, without paths",
    mend: "pulumi config rm --path discovery.endpoints && pulumi config set --path discovery.endpoints http://registry.example:2379",
  },
  {
    set: {
      os: "flatcar",
      etcdVersion: "3.6.1",
      discovery: { mode: "v3", endpoints: "http://r:2379,r2:2379" },
    },
    says: 'discovery.endpoints is "http://r:2379,r2:2379"',
    right:
      "http or https URLs of the registry's etcd members (3.4 or newer), without a path, such as http://registry.example:2379",
    mend: "pulumi config set --path discovery.endpoints http://r:2379",
  },
  {
    set: { os: "flatcar", etcdVersion: "3.6.1", discovery: { mode: "v3", endpoints: ["http://r:2379/x"] } },
    says: 'discovery.endpoints[0] is "http://r:2379/x"',
    right:
      "http or https URLs of the registry's etcd members (3.4 or newer), without a path, such as http://registry.example:2379",
    mend: "pulumi config rm --path discovery.endpoints && pulumi config set --path discovery.endpoints http://registry.example:2379",
  },
  {
    set: {
      os: "flatcar",
      etcdVersion: "3.6.1",
      discovery: { mode: "v3", endpoints: "http://r:2379", token: "a/b" },
    },
    says: 'discovery.token is "a/b"',
    right: "a token of at most 128 letters, digits, - and _, or nothing: then one is made",
    mend: "pulumi config rm --path discovery.token",
  },
  {
    set: { bootstrapSize: 5 },
    says: "bootstrapSize is 5",
    right:
      "from 1 to 3: there are 3 members to begin a cluster with (one that began with another number is another cluster: the machines are rebuilt)",
    mend: "pulumi config set bootstrapSize 3",
  },
  {
    set: { bootstrapSize: 0 },
    says: "bootstrapSize is 0",
    right:
      "from 1 to 3: there are 3 members to begin a cluster with (one that began with another number is another cluster: the machines are rebuilt)",
    mend: "pulumi config set bootstrapSize 3",
  },
  {
    set: { bootstrapSize: "-1" },
    says: 'bootstrapSize is "-1"',
    right: "a whole number from 0 to 99, no more than there are members",
    mend: "pulumi config set bootstrapSize 3",
  },
  {
    set: { nodes: { a: {}, b: { role: "client" } }, bootstrapSize: 2 },
    says: "bootstrapSize is 2",
    right:
      "1: there is 1 member to begin a cluster with (one that began with another number is another cluster: the machines are rebuilt)",
    mend: "pulumi config set bootstrapSize 1",
  },
  {
    set: { tls: "yes" },
    says: 'tls is "yes"',
    right: "true or false",
    mend: "pulumi config set tls true",
  },
  {
    set: { tls: { enabled: true } },
    says: 'tls is {"enabled":true}',
    right: "true or false",
    mend: "pulumi config set tls true",
  },
  {
    set: { tls: "true", tlsRotation: "a b" },
    says: 'tlsRotation is "a b"',
    right: "a number or a word of at most 64 letters, digits, -, _ and .",
    mend: "pulumi config set tlsRotation 2",
  },
  ...["dev-core01=1", "0123456789ab.ba9876543210 dev-core01=0", "0123456789ab.ba9876543210 a=1 a=2"].map(
    (rejoin) => ({
      set: { rejoin },
      says: `rejoin is ${JSON.stringify(rejoin)}`,
      right: "what the verbs replace and roll wrote there, or not set",
      mend: "pulumi config rm rejoin",
    }),
  ),
  {
    set: { role: "client", bootstrapSize: 1 },
    says: "bootstrapSize is 1",
    right: "0, since no node is a member",
    mend: "pulumi config set bootstrapSize 0",
  },
  {
    set: { bootstrapSize: 2, ignition: "./own.yaml" },
    says: "bootstrapSize is 2",
    right:
      "3: ignition stands in place of all profiles, and such a file can't be told what a member must know to join",
    mend: "pulumi config set bootstrapSize 3",
  },
  {
    set: { nodes: { a: {}, b: { joins: "maybe" } } },
    says: 'nodes.b.joins is "maybe"',
    right: "true or false",
    mend: "pulumi config set --path nodes.b.joins true",
  },
  {
    set: { nodes: { a: {}, b: { role: "client", joins: true } } },
    says: "nodes.b.joins is true",
    right: "not set: a client is no member, and joins nothing",
    mend: "pulumi config rm --path nodes.b.joins",
  },
  {
    set: { nodes: { a: { joins: true } } },
    says: "nodes.a.joins is true",
    right: "not set: some members must begin the cluster that others join",
    mend: "pulumi config rm --path nodes.a.joins",
  },
  {
    set: { nodes: { a: {}, b: { joins: true } }, ignition: "./own.yaml" },
    says: "nodes.b.joins is true",
    right:
      "not set: ignition stands in place of all profiles, and such a file can't be told what a member must know to join",
    mend: "pulumi config rm --path nodes.b.joins",
  },
  {
    set: { readinessTimeout: 5 },
    says: "readinessTimeout is 5",
    right: "a whole number of seconds from 10 to 86400",
    mend: "pulumi config set readinessTimeout 900",
  },
  {
    set: { readinessTimeout: "10m" },
    says: 'readinessTimeout is "10m"',
    right: "a whole number of seconds from 10 to 86400",
    mend: "pulumi config set readinessTimeout 900",
  },
] satisfies readonly WrongConfig[];
