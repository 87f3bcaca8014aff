/** What a libvirt host is checked for before anything is made on it. */
import type { UpFacts } from "../commands/doctor/beforeUp.ts";
import { MIB } from "../plan/sizes.ts";
import type { ClusterPlan } from "../plan/types.ts";

/** The plan as far as its host has to do with it, as JSON: no secret is among it. */
export function hostFacts(plan: ClusterPlan): string {
  const { os, arch, domainType, bridge, pool, image } = plan;
  const facts: UpFacts = {
    ...{ os, arch, domainType, bridge, pool },
    nodes: plan.nodes.map(({ name, memory, diskSize, address }) => ({
      ...{ name, memory: memory * MIB, diskSize },
      reserved: address !== undefined,
    })),
    ...(image.kind === "file" ? { image: image.path } : {}),
  };
  return JSON.stringify(facts);
}
