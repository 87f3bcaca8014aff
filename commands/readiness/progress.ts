/** How far each node has come, said whenever it changes. */
import type { Role } from "../../plan/types.ts";
import { say } from "../program.ts";

/** In the order in which a node passes through them. A client does not register. */
export type Stage = "booting" | "addressed" | "registered" | "healthy";

const WORDS: Readonly<Record<Stage, string>> = {
  booting: "booting",
  addressed: "has address",
  registered: "registered",
  healthy: "healthy",
};

/**
 * Who may know where a node is, best first: the registry and the guest agent tell what is; a given address and other
 * members' lists tell what should be; the host, an earlier report and the name service tell what was once.
 */
const SOURCES = ["registry", "agent", "config", "members", "host", "report", "name"] as const;
export type Source = (typeof SOURCES)[number];

export class NodeProgress {
  readonly name: string;
  readonly role: Role;
  stage: Stage = "booting";
  /** Where the node is reached, once that is known. */
  host: string | undefined;
  /** What answers instead of a healthy etcd or an ssh server. */
  complaint: string | undefined;
  readonly #hosts = new Map<Source, string>();

  constructor(name: string, role: Role = "member") {
    this.name = name;
    this.role = role;
  }

  /** Notes where the node is according to `source`; nothing where that does not know. */
  learn(source: Source, host: string | undefined): void {
    if (host !== undefined) this.#hosts.set(source, host);
  }

  knows(source: Source): boolean {
    return this.#hosts.has(source);
  }

  /** Where the node may be, most likely first, each once. */
  candidates(): string[] {
    return [...new Set(SOURCES.flatMap((source) => this.#hosts.get(source) ?? []))];
  }

  /** Notes how far the node is now; says so when that is new. */
  reach(stage: Stage, seconds: number): void {
    if (stage === this.stage) return;
    const before = this.#word();
    this.stage = stage;
    say(`${this.name}: ${before} -> ${this.words()} (${seconds} s)`);
  }

  words(): string {
    const where = this.host !== undefined && this.stage !== "booting" ? ` ${this.host}` : "";
    return `${this.#word()}${where}`;
  }

  #word(): string {
    return this.role === "client" && this.stage === "healthy" ? "ready" : WORDS[this.stage];
  }
}

/** One line on all nodes, for long silences. */
export function summary(nodes: readonly NodeProgress[], seconds: number, timeout: number): string {
  const ready = nodes.filter(({ stage }) => stage === "healthy").length;
  const what = nodes.every(({ role }) => role === "member") ? "healthy" : "healthy or ready";
  return (
    `${ready} of ${nodes.length} ${what} after ${seconds} s ` +
    `(time-out ${timeout} s): ${nodes.map((node) => `${node.name} ${node.words()}`).join(", ")}`
  );
}
