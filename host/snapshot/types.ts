/** What a look at a host finds, and what it could not look at. */

/** What is looked at. Files that libvirt writes about machines and keeps on purpose are apart: `logs`. */
export const PARTS = [
  ...(["domains", "pools", "volumes", "networks", "processes"] as const),
  ...(["links", "devices", "namespaces", "addresses", "routes", "queues", "filters", "settings"] as const),
  ...(["mounts", "files", "configuration", "places", "logs", "tokens"] as const),
] as const;

export type Part = (typeof PARTS)[number];

export type Things = Readonly<Record<Part, readonly string[]>>;

/** Why something was not looked at: nobody asked for it, it is for root alone, its tool is not there, or it answered with an error. */
export const REASONS = ["not asked", "not allowed", "no tool", "failed"] as const;

export type Reason = (typeof REASONS)[number];

/** What was not looked at. Said, since nothing in its place would read as if nothing were there. */
export interface Unseen {
  readonly part: Part;
  /** A path or a tool, with all that lies behind it; empty for the whole part. */
  readonly what: string;
  readonly why: Reason;
}

/** Grows with each change that makes older files no longer comparable. */
export const VERSION = 2;

export interface Snapshot {
  readonly version: typeof VERSION;
  /** The host, as messages call it. */
  readonly host: string;
  /** ISO 8601. */
  readonly taken: string;
  /** Each part sorted. */
  readonly things: Things;
  readonly unseen: readonly Unseen[];
}

export interface SnapshotOptions {
  /** Whether libvirt is asked. */
  readonly libvirt: boolean;
  /** Whether QEMU counts that runs in network namespaces of its own, as in labs of this machine. */
  readonly everywhere?: boolean;
  /** Folders that are searched besides. */
  readonly folders?: readonly string[];
  /** Folders besides, of which only what is right in them is looked at. */
  readonly places?: readonly string[];
  /** The discovery tokens that a registry has. */
  readonly tokens?: readonly string[];
}
