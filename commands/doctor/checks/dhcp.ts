/** Whether a DHCP server answers on the plan's bridge. */
import { probeDhcp, PATIENCE, type DhcpSeen } from "../dhcp/probe.ts";
import type { Check, HostShell, PlanFacts, Verdict } from "../types.ts";
import { asRootHere, noShell, ok, unproven } from "../words.ts";
import { bridgeIn, lookAtBridge } from "./bridge.ts";

const WHY = "Nodes get their addresses by DHCP only, from a server that is somebody else's.";

export function judgeDhcp(
  { bridge, nodes }: Pick<PlanFacts, "bridge" | "nodes">,
  seen: DhcpSeen,
  { asRoot, typed }: { readonly asRoot: HostShell["asRoot"]; readonly typed: (command: string) => string },
): Verdict {
  if (seen.kind === "fault") return unproven(`DHCP on ${bridge}`, seen.words, WHY);
  if (seen.kind === "silence") {
    const reserved = nodes.length > 0 && nodes.every((node) => node.reserved);
    const found = `no DHCP server answered on ${bridge} within ${seen.seconds} s`;
    // All nodes have reservations by the config: a server that knows nobody else may well be silent.
    return reserved
      ? {
          level: "warning",
          found,
          why: `${WHY} One that answers to the nodes' own MACs alone would not answer this probe.`,
        }
      : {
          level: "problem",
          found,
          why: WHY,
          remedy: `${asRoot("bridge link show")} # is the port there that leads to the server? Libvirt's virbr0 has a server of its own: ${typed("pulumi config set bridge virbr0")}`,
        };
  }
  const { server, address, router, leaseTime } = seen.offer;
  const details = [
    router === undefined ? "no router" : `router ${router}`,
    ...(leaseTime === undefined ? [] : [`leases of ${Math.round(leaseTime / 60)} min`]),
  ];
  const found = `${server} offers ${address} on ${bridge} (${details.join(", ")})`;
  return router === undefined
    ? {
        level: "note",
        found,
        why: `${WHY} Without a router the nodes reach their own network only: no public registry, no container images.`,
      }
    : ok(found, WHY);
}

export const dhcp: Check = {
  id: "dhcp",
  about:
    "a DHCP server answers on the bridge: a DISCOVER is sent from a namespace that is attached to it for a moment",
  run: async (situation) => {
    const { plan, shell, root, typed } = situation;
    const what = `DHCP on ${plan.bridge}`;
    if (shell === undefined) return [unproven(what, noShell(situation), WHY)];
    if (!root) return [unproven(what, "the probe needs root", WHY, asRootHere(shell))];
    const found = bridgeIn(await lookAtBridge(shell, plan.bridge));
    if (found?.bridge.kind !== "bridge") return [unproven(what, `there is no bridge ${plan.bridge}`, WHY)];
    if (!found.bridge.up) return [unproven(what, `the bridge ${plan.bridge} is down`, WHY)];
    return [
      judgeDhcp(plan, await probeDhcp(shell, plan.bridge, PATIENCE + found.bridge.silent), {
        asRoot: shell.asRoot,
        typed,
      }),
    ];
  },
};
