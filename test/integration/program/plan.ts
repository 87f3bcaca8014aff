/** The plans of the fixture's stacks. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { LabHost } from "../../../lab/libvirt/index.ts";
import { macOf } from "../../../plan/mac.ts";
import type { ClusterPlan, NodePlan, Role } from "../../../plan/types.ts";

/** Where pools lie on the lab's libvirt host. */
export const POOLS = "/var/lib/libvirt/coreos-cluster";

/** What a test sets of a stack of the fixture. */
export interface Config {
  readonly prefix: string;
  readonly nodes?: number;
  readonly memory?: number;
  /** Stands for all that shapes the members' disks; "profiles": they get what the profiles say. Default: "one". */
  readonly generation?: string;
  readonly image?: string;
  /** Machines without etcd, by what follows the prefix in their names. */
  readonly clients?: readonly string[];
  /** Whatever else a plan holds. */
  readonly plan?: (plan: ClusterPlan) => Partial<ClusterPlan>;
}

/** Smaller than a node of any use, so that three of them cost the machine little. */
export function planOf(config: Config, image: string, host: LabHost): ClusterPlan {
  const { prefix, nodes = 2, memory = 64, clients = [] } = config;
  const path = config.image ?? image;
  const names = Array.from({ length: nodes }, (_, index) => `${prefix}0${index + 1}`);
  const node = (role: Role, name: string): NodePlan => ({
    ...{ name, role, mac: macOf(name), memory, vcpus: 1, diskSize: 2 ** 26, snippets: [] },
    profiles: ["base", "metadata-local", role === "member" ? "etcd" : "etcd-client"],
  });
  const plan: ClusterPlan = {
    prefix,
    os: "lab",
    arch: "x86_64",
    autostart: false,
    ntpServers: [],
    dockerListen: "127.0.0.1:2375",
    image: {
      kind: "file",
      path,
      sha256: createHash("sha256").update(readFileSync(path)).digest("hex"),
      format: "qcow2",
      virtualSize: 2 ** 26,
    },
    pool: { name: prefix, path: `${POOLS}/${prefix}` },
    bridge: host.bridge,
    domainType: "qemu",
    nodes: [
      ...names.map((name) => node("member", name)),
      ...clients.map((name) => node("client", `${prefix}-${name}`)),
    ],
    discovery: { mode: "etcd", endpoint: host.registry },
    bootstrapSize: nodes,
    sshAuthorizedKeys: [],
    readinessTimeout: 60,
    warnings: [],
    secretKeys: [],
  };
  return { ...plan, ...config.plan?.(plan) };
}
