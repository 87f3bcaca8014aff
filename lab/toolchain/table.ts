/** The table of tools (versions.json), typed. */
import table from "./versions.json" with { type: "json" };

export type Arch = "amd64" | "arm64";

/** How a program on this machine is asked for its version: by its own arguments, or as a Pulumi plugin over gRPC. */
export type Ask = { readonly args: readonly string[] } | "plugin";

export interface Download {
  /** With `{amd64}` or `{x64}` where the architecture's name stands. */
  readonly url: string;
  /** Pinned sums of the archive. */
  readonly sha256?: Readonly<Record<Arch, string>>;
  /** Where no sum is pinned: the release's own checksum file. It tells damage, but is no better than the release. */
  readonly checksums?: string;
  /** The program inside the archive. */
  readonly file: string;
}

/** A build from a pinned Go module: `go/<tool name>/go.mod` and `go.sum` beside this file lock what goes in. */
export interface GoBuild {
  readonly package: string;
  /** Variables that are set at link time (`-X`). */
  readonly set: Readonly<Record<string, string>>;
  /** How long a build with cold caches takes on two cores, roughly. */
  readonly minutes: number;
}

export type ToolKind = "program" | "language-plugin" | "resource-plugin" | "terraform-provider";

export interface Tool {
  /** The binary's name. */
  readonly name: string;
  readonly kind: ToolKind;
  /** Without a leading `v`. */
  readonly version: string;
  /** A plugin's name, as Pulumi knows it. */
  readonly plugin?: string;
  /** Absent for tools that can't say their version: an installed one is then never trusted. */
  readonly ask?: Ask;
  readonly download?: Download;
  readonly go?: GoBuild;
  /** The folder under standins/ that serves where nothing else can be had. */
  readonly standIn?: string;
}

/** All tools of the lab. */
export const tools: readonly Tool[] = table.tools as readonly Tool[];

/** The Node.js release that the lab brings where the machine's own is too old; see node/. */
export const nodeVersion: string = table.node;

/** This machine's architecture as Go and the table name it. */
export function machineArch(arch: string = process.arch): Arch {
  if (arch === "x64") return "amd64";
  if (arch === "arm64") return "arm64";
  throw new Error(`the lab's tools are pinned for x86_64 and arm64 machines only, and this one is ${arch}`);
}

/** A URL of the table for an architecture. */
export const urlFor = (template: string, arch: Arch): string =>
  template.replaceAll("{amd64}", arch).replaceAll("{x64}", arch === "amd64" ? "x64" : arch);

/**
 * Whether a program's answer names exactly this version: the first thing in it that looks like a version counts, so
 * that `3.259.0` matches neither `3.259.0-alpha.1` nor `13.259.0`.
 */
export function answersVersion(answer: string, version: string): boolean {
  const found = /(?<![\w.])v?(\d+\.\d+\.\d+(?:[-+][\w.+-]+)?)(?![\w.])/.exec(answer)?.[1];
  return found === version;
}
