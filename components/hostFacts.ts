/** What a libvirt host is checked for before anything is made on it. */
import type { UpFacts } from "../commands/doctor/beforeUp.ts";
import { MIB } from "../plan/sizes.ts";
import type { ClusterPlan } from "../plan/types.ts";
import type { Site } from "./sites.ts";

/** The plan as far as one of its hosts has to do with it, as JSON: no secret is among it. */
export function hostFacts(
  { os, arch, domainType, image }: ClusterPlan,
  { bridge, pool, nodes }: Pick<Site, "bridge" | "pool" | "nodes">,
): string {
  const facts: UpFacts = {
    ...{ os, arch, domainType, bridge, pool },
    nodes: nodes.map(({ name, memory, diskSize, address }) => ({
      ...{ name, memory: memory * MIB, diskSize },
      reserved: address !== undefined,
    })),
    ...(image.kind === "file" ? { image: image.path } : {}),
  };
  return JSON.stringify(facts);
}
