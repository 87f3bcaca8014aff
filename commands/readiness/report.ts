/** What the readiness program prints: one line of JSON on standard output, parsed into the stack's outputs. */
import { field, list, parsed } from "../http.ts";

export interface NodeReport {
  readonly name: string;
  /** Where the node is reached, best first. */
  readonly addresses: readonly string[];
  /** As etcdctl prints it: hexadecimal; empty for a machine that is no etcd member. */
  readonly memberId: string;
  /** libvirt's UUID of the machine that this was found out about; reports of older versions lack it. */
  readonly machine?: string;
  /** Set where the node was reached only through its libvirt host. */
  readonly throughHost?: boolean;
}

export interface ClusterReport {
  readonly nodes: readonly NodeReport[];
  /** Client URLs, one per member. */
  readonly endpoints: readonly string[];
  /** Name of the member that led when the cluster was found healthy; empty where there are no members. */
  readonly leader: string;
}

/** The nodes of an earlier report, by name; none where the text is no report. */
export function nodesIn(report: string): Map<string, NodeReport> {
  const found = list(field(parsed(report), "nodes")).flatMap((entry): NodeReport[] => {
    const [name, machine, memberId] = [
      field(entry, "name"),
      field(entry, "machine"),
      field(entry, "memberId"),
    ];
    if (typeof name !== "string") return [];
    const addresses = list(field(entry, "addresses")).filter((address) => typeof address === "string");
    return [
      {
        ...{ name, addresses, memberId: typeof memberId === "string" ? memberId : "" },
        ...(typeof machine === "string" ? { machine } : {}),
        ...(field(entry, "throughHost") === true ? { throughHost: true } : {}),
      },
    ];
  });
  return new Map(found.map((node) => [node.name, node]));
}
