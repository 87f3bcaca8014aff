/** The lab's toolchain: Pulumi, its plugins and the transpilers, in pinned versions. */
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "../shared/cache.ts";
import type { LabContext, LabPaths } from "../shared/context.ts";
import { downloadKey, downloadTool, rememberedNetwork } from "./download.ts";
import { buildKey, buildTool, findGo, USUAL_PLACES } from "./go.ts";
import { findInstalled } from "./installed.ts";
import { placeLink } from "./place.ts";
import { resolveTools, type ResolvedTool, type Ways } from "./resolve.ts";
import { placeStandIn } from "./standIn.ts";
import { machineArch, tools, type Arch, type Tool } from "./table.ts";

export { ToolchainError } from "./errors.ts";
export { preparePulumi, stateFolder } from "./pulumi.ts";
export type { Origin, ResolvedTool } from "./resolve.ts";

export interface Toolchain {
  /** A folder with a link to every program, for PATH. */
  readonly bin: string;
  /** Lines for the user, for instance that stand-ins are used. */
  readonly notes: readonly string[];
  readonly tools: readonly ResolvedTool[];
}

/** The folder with links to the programs: there once the toolchain was needed. */
export const binFolder = ({ lab }: LabPaths): string => join(lab, "toolchain", "bin");

/** What an earlier run left in the cache for this tool. */
function entryOf(
  context: LabContext,
  tool: Tool,
  arch: Arch,
): { key: string; file: string; origin: "download" | "built" } | undefined {
  const at = (key: string): boolean => existsSync(join(context.paths.cache, "entries", key));
  if (tool.download !== undefined) {
    const key = downloadKey(tool.download, arch);
    if (at(key)) return { key, file: tool.download.file, origin: "download" };
  }
  if (tool.go !== undefined) {
    const key = buildKey({ ...tool, go: tool.go }, arch);
    if (at(key)) return { key, file: tool.name, origin: "built" };
  }
  return undefined;
}

/** Work that goes on side by side, shown in one line. */
function sideBySide(context: LabContext): {
  readonly run: <T>(name: string, work: (own: LabContext) => Promise<T>) => Promise<T>;
} {
  const details = new Map<string, string>();
  return {
    run: async (name, work) => {
      const report = (detail: string): void => {
        details.set(name, detail);
        context.report([...details.values()].join(", "));
      };
      try {
        return await work({ ...context, report });
      } finally {
        details.delete(name);
      }
    },
  };
}

/** The ways to a tool on this machine. */
function waysOf(context: LabContext, arch: Arch, goPlaces: readonly string[]): Ways {
  const network = rememberedNetwork(context);
  const builds = sideBySide(context);
  return {
    installed: (tool) => findInstalled(tool, context.paths),
    ready: async (tool) => {
      const entry = entryOf(context, tool, arch);
      if (entry === undefined) return undefined;
      const folder = await cached(context, entry.key, () =>
        Promise.reject(new Error(`${entry.key} vanished`)),
      );
      return { path: join(folder, entry.file), origin: entry.origin };
    },
    download: (tool) => downloadTool(context, network, tool.download, arch),
    findGo: () => findGo(goPlaces),
    build: (tool, go) => builds.run(tool.name, (own) => buildTool(own, tool, arch, go)),
    standIn: (tool) => placeStandIn(context.paths, tool),
  };
}

/** One line about what stands in for official plugins, and why. */
function standInNotes(resolved: readonly ResolvedTool[], reasons: ReadonlyMap<string, string>): string[] {
  const names = resolved.filter(({ origin }) => origin === "stand-in").map(({ name }) => name);
  if (names.length === 0) return [];
  const why = [...new Set(names.map((name) => reasons.get(name) ?? "not to be had"))].join("; ");
  return [
    `Offline stand-ins are used for ${names.join(", ")}, whose official builds could not be downloaded (${why}).`,
  ];
}

/**
 * Makes sure that every tool is there in its pinned version; see resolve.ts for the order in which it is looked for.
 * Downloads and builds go to the cache, so that a second call takes milliseconds.
 * @param goPlaces where a Go that builds is looked for.
 * @throws ToolchainError with the remedy in its message.
 */
export async function ensureToolchain(
  context: LabContext,
  goPlaces: readonly string[] = USUAL_PLACES,
): Promise<Toolchain> {
  const ways = waysOf(context, machineArch(), goPlaces);
  const { tools: resolved, reasons } = await resolveTools(tools, ways);
  const bin = binFolder(context.paths);
  const programs = resolved.filter(
    ({ name }) => tools.find((tool) => tool.name === name)?.kind === "program",
  );
  await Promise.all(programs.map(({ name, path }) => placeLink(path, join(bin, name))));
  const wanted = new Set(programs.map(({ name }) => name));
  for (const name of await readdir(bin)) {
    if (!wanted.has(name)) await rm(join(bin, name), { recursive: true, force: true }); // of an older table
  }
  return { bin, notes: standInNotes(resolved, reasons), tools: resolved };
}
