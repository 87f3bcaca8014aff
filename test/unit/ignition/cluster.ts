/** Plans of clusters in which each system and each way of discovery comes up. */
import { plan } from "../plan/fixtures.ts";
import type { Bootstrap } from "../../../ignition/index.ts";
import { OS_FAMILIES } from "../../../plan/os.ts";
import { PROFILE_NAMES, PROFILES, type ProfileName } from "../../../plan/profiles.ts";
import type { ClusterPlan, NodePlan, OsFamily } from "../../../plan/types.ts";

export const bootstrap: Bootstrap = { discoveryUrl: "http://10.0.0.1:2379/v2/keys/discovery/0123" };

/** Three members, one, two and three, and a machine without etcd. */
export const cluster = (changes: Record<string, unknown> = {}): ClusterPlan =>
  plan({ nodes: { one: {}, two: {}, three: {}, watcher: { role: "client" } }, ...changes });

export function nodeOf(made: ClusterPlan, name: string): NodePlan {
  const node = made.nodes.find((one) => one.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return node;
}

/** The node with other profiles. */
export const withProfiles = (node: NodePlan, profiles: readonly ProfileName[]): NodePlan => ({
  ...node,
  profiles,
});

/** All profiles that a member can have on a system at once, metadata-local or metadata-remote among them. */
export const allProfiles = (os: OsFamily, metadata: "metadata-local" | "metadata-remote"): ProfileName[] =>
  PROFILE_NAMES.filter(
    (name) => (PROFILES[name].os ?? OS_FAMILIES).includes(os) && !PROFILES[metadata].excludes?.includes(name),
  );

/** Settings that all profiles have something to do with. */
export const fullSettings = {
  ntpServers: ["ntp1.example", "10.0.0.1"],
  metadataUrl: "http://10.0.0.1:8000/nodes",
};

/** The ways in which members find each other, each with the version of etcd that it needs beside. */
export const DISCOVERIES: Readonly<
  Record<string, { discovery: Record<string, unknown>; etcdVersion?: string }>
> = {
  service: { discovery: { mode: "service" } },
  etcd: { discovery: { mode: "etcd", endpoint: "http://10.0.0.1:2379" } },
  url: { discovery: { mode: "url", url: "http://10.0.0.1:2379/v2/keys/discovery/0123" } },
  static: { discovery: { mode: "static" } },
  v3: {
    discovery: { mode: "v3", endpoints: "http://10.0.0.1:2379,http://10.0.0.2:2379" },
    etcdVersion: "3.6.5",
  },
};
