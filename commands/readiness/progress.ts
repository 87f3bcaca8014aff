/** How far each node has come, said whenever it changes. */
import { say } from "../program.ts";

/** In the order in which a node passes through them. */
export type Stage = "booting" | "addressed" | "registered" | "healthy";

const WORDS: Readonly<Record<Stage, string>> = {
  booting: "booting",
  addressed: "has address",
  registered: "registered",
  healthy: "healthy",
};

export class NodeProgress {
  readonly name: string;
  stage: Stage = "booting";
  /** Where the node is reached, once that is known. */
  host: string | undefined;
  /** What its etcd answers instead of being healthy. */
  complaint: string | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Notes how far the node is now; says so when that is new. */
  reach(stage: Stage, seconds: number): void {
    if (stage === this.stage) return;
    const before = WORDS[this.stage];
    this.stage = stage;
    say(`${this.name}: ${before} -> ${this.words()} (${seconds} s)`);
  }

  words(): string {
    const where = this.host !== undefined && this.stage !== "booting" ? ` ${this.host}` : "";
    return `${WORDS[this.stage]}${where}`;
  }
}

/** One line on all nodes, for long silences. */
export const summary = (nodes: readonly NodeProgress[], seconds: number, timeout: number): string =>
  `${nodes.filter((node) => node.stage === "healthy").length} of ${nodes.length} healthy after ${seconds} s ` +
  `(time-out ${timeout} s): ${nodes.map((node) => `${node.name} ${node.words()}`).join(", ")}`;
