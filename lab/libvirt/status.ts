/** What runs in the lab. */
import { existsSync } from "node:fs";
import type { LabContext } from "../shared/context.ts";
import { findDaemon } from "./daemonControl.ts";
import { daemons, type DaemonName } from "./daemons.ts";
import { listDomains, type LabDomain } from "./domains.ts";
import { findHolders, holderFault, requireRoot, type Holder } from "./holder.ts";
import { labHost, type LabHost } from "./host.ts";
import { kvmFinding } from "./kvm.ts";
import { layout } from "./layout.ts";
import { readLeases, type Lease } from "./leases.ts";
import { startedAt } from "./processes.ts";

/** `broken`: some of it runs, and `labUp` repairs it. */
export type LabStatus =
  | { readonly state: "down"; readonly reason?: string }
  | { readonly state: "broken"; readonly reason: string }
  | LabUpStatus;

export interface LabUpStatus {
  readonly state: "up";
  readonly since: Date | undefined;
  readonly host: LabHost;
  /** Why guests run as `host.domainType`, in words. */
  readonly domainTypeReason: string;
  /** Process ids as the host counts them. */
  readonly processes: readonly { readonly name: DaemonName | "holder"; readonly pid: number }[];
  readonly domains: readonly LabDomain[];
  readonly leases: readonly Lease[];
  readonly registry: { readonly url: string; readonly healthy: boolean };
}

/** The daemons that don't run, and those that don't answer. */
async function daemonFaults(context: LabContext, holder: Holder): Promise<string[]> {
  const faults = await Promise.all(
    daemons().map(async (daemon) => {
      if (findDaemon(daemon, holder) === undefined) return `${daemon.name} does not run`;
      return (await daemon.ready(context, holder)) ? undefined : `${daemon.name} does not answer`;
    }),
  );
  return faults.filter((fault) => fault !== undefined);
}

/** Looks at the lab; changes nothing and waits for nobody. */
export async function labStatus(context: LabContext): Promise<LabStatus> {
  const { paths } = context;
  const exists = existsSync(layout(paths).root);
  if (exists) requireRoot();
  const [holder, ...others] = findHolders(paths);
  if (holder === undefined) {
    if (!exists) return { state: "down" };
    return { state: "down", reason: "it ended without `lab down`; its machines' disks are kept" };
  }
  if (others.length > 0) return { state: "broken", reason: "it runs more than once" };
  const fault = holderFault(holder, paths);
  if (fault !== undefined) return { state: "broken", reason: fault };
  const faults = await daemonFaults(context, holder);
  const fatal = faults.filter((text) => !text.startsWith("registry does not answer"));
  if (fatal.length > 0) return { state: "broken", reason: faults.join(", ") };
  const kvm = await kvmFinding(context);
  const host = labHost(kvm.domainType);
  return {
    state: "up",
    since: startedAt(holder.pid),
    host,
    domainTypeReason: kvm.reason,
    processes: [
      { name: "holder", pid: holder.pid },
      ...daemons().flatMap((daemon) => {
        const pid = findDaemon(daemon, holder);
        return pid === undefined ? [] : [{ name: daemon.name, pid }];
      }),
    ],
    domains: await listDomains(holder),
    leases: await readLeases(paths),
    registry: { url: host.registry, healthy: faults.length === 0 },
  };
}
