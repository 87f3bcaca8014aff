/** What the doctor speaks of: findings, the plan as far as a host has to do with it, and how a host is asked. */
import type { Virsh } from "../../host/virsh.ts";
import type { Architecture, DomainType, OsFamily } from "../../plan/types.ts";

/**
 * How bad a finding is: `problem` stops this plan, `warning` will stop or spoil it in some case that is named, `note` is worth
 * knowing or could not be proven, `ok` is as it should be.
 */
export type Level = "ok" | "note" | "warning" | "problem";

export const LEVELS: readonly Level[] = ["ok", "note", "warning", "problem"];

/** What a check says before it is known which check said it. */
export interface Verdict {
  readonly level: Level;
  /** What was found, in a line. */
  readonly found: string;
  /** Why it matters for this plan. */
  readonly why: string;
  /** The command that mends it, as it can be pasted into a shell; absent where there is none, or nothing to mend. */
  readonly remedy?: string;
  /** Whether host-prepare mends it, and can take that back. */
  readonly prepared?: boolean;
}

export interface Finding extends Verdict {
  /** The check's name: a line of docs/doctor.md. */
  readonly id: string;
}

/** What a program on a host said. `code` is 127 where there is no such program, 255 where the host could not be asked. */
export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Given to the program's standard input. */
  readonly input?: string | Buffer;
  /** Standard input stays open until the program ends: one that ends with it can't outlive who asked for it. */
  readonly held?: boolean;
  /** Seconds, 20 by default. */
  readonly timeout?: number;
}

/** A machine on which programs can be run: this one, or another one through ssh. Nothing goes through a shell unquoted. */
export interface HostShell {
  /** How a message calls it: "this machine", or the ssh destination. */
  readonly name: string;
  readonly local: boolean;
  /** Runs a program. Never throws. */
  readonly run: (command: readonly [string, ...string[]], options?: RunOptions) => Promise<Output>;
  /** The command line that runs a program there, for a process of this machine. */
  readonly words: (command: readonly [string, ...string[]]) => [string, ...string[]];
  /** A command for people, as it is typed where the doctor runs, so that it runs on that host as root. */
  readonly asRoot: (command: string) => string;
  /** Ends what was opened to ask the host. */
  readonly close: () => Promise<void>;
}

/** One machine of the plan, as far as it is known. */
export interface PlanNode {
  readonly name: string | undefined;
  /** Bytes. */
  readonly memory: number;
  /** Bytes. */
  readonly diskSize: number;
  /** Whether the config says which address the DHCP server reserves for it. */
  readonly reserved: boolean;
}

/** How members find each other, as far as it can be asked. */
export interface PlanDiscovery {
  readonly mode: "service" | "etcd" | "url" | "static" | "v3";
  /** Addresses that can be asked without using anything up. */
  readonly questions: readonly string[];
  /** What the config says of it beside the mode, by key. */
  readonly parts?: readonly string[];
}

/** What of a cluster's definition a host has to do with; defaults where the config is silent or wrong. */
export interface PlanFacts {
  readonly stack: string;
  /** The file that was read; undefined where there is none, and all is defaults. */
  readonly source: string | undefined;
  readonly os: OsFamily;
  readonly arch: Architecture;
  readonly domainType: DomainType;
  readonly bridge: string;
  /** The name of the host that they are for, where the cluster is spread over several. */
  readonly host?: string;
  /** The pool's name, undefined where it is not known; and its folder on the host. */
  readonly pool: { readonly name: string | undefined; readonly path: string };
  readonly nodes: readonly PlanNode[];
  /** Bytes of the base image as a file on this machine; undefined where it is not known. */
  readonly imageSize: number | undefined;
  readonly discovery: PlanDiscovery;
  /** Whether snippets or a config of the user's own can bring Butane. */
  readonly ownFiles: boolean;
}

/** All that a check is given. */
export interface Situation {
  readonly uri: string;
  readonly virsh: Virsh;
  /** Undefined where the connection says nothing of how programs are run on the host (TLS, TCP). */
  readonly shell: HostShell | undefined;
  /** Whether the shell is root's. */
  readonly root: boolean;
  readonly plan: PlanFacts;
  /** The folder of the pinned tools, which `tools CMD` puts on PATH; undefined where that is not at hand. */
  readonly pinned?: string;
  /** A config command as the user has to type it. */
  readonly typed: (command: string) => string;
}

export interface Check {
  readonly id: string;
  /** What it looks at: a line of docs/doctor.md. */
  readonly about: string;
  /**
   * Part of the short version that runs before `up` makes its first thing: no root, no waiting. `run` takes the check's place there
   * where less of it counts.
   */
  readonly quick?: { readonly run?: Check["run"] };
  /** Looks at this machine, or at what both can reach: asks nothing of the libvirt host itself. */
  readonly here?: boolean;
  /** Needs the libvirt connection; left out where there is none. */
  readonly connected?: boolean;
  readonly run: (situation: Situation) => Promise<readonly Verdict[]>;
}
