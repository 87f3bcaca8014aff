/** What the readiness program prints: one line of JSON on standard output, parsed into the stack's outputs. */

export interface MemberReport {
  readonly name: string;
  /** Where the node is reached, best first. */
  readonly addresses: readonly string[];
  /** As etcdctl prints it: hexadecimal. */
  readonly memberId: string;
}

export interface ClusterReport {
  readonly nodes: readonly MemberReport[];
  /** Client URLs, one per node. */
  readonly endpoints: readonly string[];
  /** Name of the member that led when the cluster was found healthy. */
  readonly leader: string;
}
