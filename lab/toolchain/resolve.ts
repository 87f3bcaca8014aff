/** Where each tool comes from: one order for all. */
import type { Go } from "./go.ts";
import { noGo, type GoProblem } from "./errors.ts";
import type { Tool } from "./table.ts";

export type Origin = "path" | "download" | "built" | "stand-in";

export interface ResolvedTool {
  readonly name: string;
  readonly version: string;
  readonly origin: Origin;
  /** Of the program itself. */
  readonly path: string;
}

type GoTool = Tool & { readonly go: NonNullable<Tool["go"]> };
type DownloadTool = Tool & { readonly download: NonNullable<Tool["download"]> };

/** The ways to a tool, each of which may be absent on a machine. */
export interface Ways {
  readonly installed: (tool: Tool) => Promise<string | undefined>;
  /** A download or a build that an earlier run made. */
  readonly ready: (tool: Tool) => Promise<{ readonly path: string; readonly origin: Origin } | undefined>;
  readonly download: (tool: DownloadTool) => Promise<{ readonly path: string } | { readonly reason: string }>;
  readonly findGo: () => Promise<Go | GoProblem>;
  readonly build: (tool: GoTool, go: Go) => Promise<string>;
  readonly standIn: (tool: Tool & { readonly standIn: string }) => Promise<string>;
}

const canDownload = (tool: Tool): tool is DownloadTool => tool.download !== undefined;
const canBuild = (tool: Tool): tool is GoTool => tool.go !== undefined;
const canStandIn = (tool: Tool): tool is Tool & { readonly standIn: string } => tool.standIn !== undefined;

/** Why official downloads were not used, for messages: by tool name. */
type Reasons = Map<string, string>;

/** Everything that needs no build: installed, made before, downloaded. One after the other, so that the first host
 * that can't be reached spares all others the wait. */
async function withoutBuilding(
  tools: readonly Tool[],
  ways: Ways,
  reasons: Reasons,
): Promise<Map<Tool, ResolvedTool>> {
  const found = new Map<Tool, ResolvedTool>();
  const note = (tool: Tool, path: string, origin: Origin): void => {
    found.set(tool, { name: tool.name, version: tool.version, origin, path });
  };
  const installed = await Promise.all(tools.map(ways.installed));
  for (const [index, tool] of tools.entries()) {
    const path = installed[index];
    const ready = path === undefined ? await ways.ready(tool) : undefined;
    if (path !== undefined) note(tool, path, "path");
    else if (ready !== undefined) note(tool, ready.path, ready.origin);
    else if (canDownload(tool)) {
      const result = await ways.download(tool);
      if ("path" in result) note(tool, result.path, "download");
      else reasons.set(tool.name, result.reason);
    }
  }
  return found;
}

/**
 * Builds in two lanes: the two big programs share most of their packages, so that side by side each would compile
 * them anew, while the small ones fill the gaps (linking uses one core).
 */
async function buildAll(tools: readonly GoTool[], go: Go, ways: Ways): Promise<Map<Tool, ResolvedTool>> {
  const built = new Map<Tool, ResolvedTool>();
  const big = tools.filter((tool) => tool.go.minutes > 1);
  const small = tools.filter((tool) => tool.go.minutes <= 1);
  const lane = async (queue: readonly GoTool[]): Promise<void> => {
    for (const tool of queue) {
      const path = await ways.build(tool, go);
      built.set(tool, { name: tool.name, version: tool.version, origin: "built", path });
    }
  };
  const lanes = [lane(big), lane(small)];
  await Promise.allSettled(lanes); // no build goes on behind a reported failure
  await Promise.all(lanes);
  return built;
}

/**
 * Resolves all tools: the pinned version that is installed, else what an earlier run made, else the official
 * download, else a build from the pinned Go module, else the offline stand-in.
 * @returns the tools in the table's order, and why downloads were not used.
 * @throws ToolchainError when something must be built and there is no Go for it.
 */
export async function resolveTools(
  tools: readonly Tool[],
  ways: Ways,
): Promise<{ readonly tools: readonly ResolvedTool[]; readonly reasons: ReadonlyMap<string, string> }> {
  const reasons: Reasons = new Map();
  const found = await withoutBuilding(tools, ways, reasons);
  const missing = tools.filter((tool) => !found.has(tool));
  const toBuild = missing.filter(canBuild);
  if (toBuild.length > 0) {
    const go = await ways.findGo();
    if (!("path" in go)) {
      const offline = [...reasons.values()].includes("no network");
      throw noGo(
        toBuild.map(({ name, version }) => `${name} ${version}`),
        go,
        offline,
      );
    }
    for (const [tool, resolved] of await buildAll(toBuild, go, ways)) found.set(tool, resolved);
  }
  for (const tool of missing.filter((missed) => !canBuild(missed)).filter(canStandIn)) {
    found.set(tool, {
      name: tool.name,
      version: tool.version,
      origin: "stand-in",
      path: await ways.standIn(tool),
    });
  }
  return { tools: tools.flatMap((tool) => found.get(tool) ?? []), reasons };
}
