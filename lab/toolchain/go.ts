/** Building a tool from its pinned Go module. */
import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { LabContext, LabPaths } from "../shared/context.ts";
import { cached, shortHash } from "../shared/cache.ts";
import { ProcessError, run } from "../shared/process.ts";
import { OLDEST_GO, ToolchainError, type GoProblem } from "./errors.ts";
import type { Arch, Tool } from "./table.ts";

export interface Go {
  readonly path: string;
  readonly version: string;
}

/** Go's own archive is unpacked there, and often not on root's PATH. */
export const USUAL_PLACES: readonly string[] = ["go", "/usr/local/go/bin/go"];

const numbers = (version: string): number[] =>
  version.split(".").map((part) => Number.parseInt(part, 10) || 0);

/** Whether a version such as 1.21.3 or 1.22rc1 is at least `oldest`. */
export function atLeast(version: string, oldest: string): boolean {
  const [have, want] = [numbers(version), numbers(oldest)];
  for (let index = 0; index < want.length; index++) {
    const difference = (have[index] ?? 0) - (want[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** The first Go that is new enough to fetch the very toolchain that a module asks for, or what was found instead. */
export async function findGo(places: readonly string[] = USUAL_PLACES): Promise<Go | GoProblem> {
  let problem: GoProblem = { found: undefined };
  for (const path of places) {
    try {
      const { stdout } = await run(path, ["env", "GOVERSION"], {
        timeout: 20,
        env: { GOTOOLCHAIN: "local" },
      });
      const version = stdout.trim().replace(/^go/, "");
      if (atLeast(version, OLDEST_GO)) return { path, version };
      problem = { found: path, version };
    } catch {
      // Not there, or no Go.
    }
  }
  return problem;
}

const moduleFolder = (name: string): string => join(import.meta.dirname, "go", name);

/** The arguments of `go build`; what they say is part of the cache key. */
export function buildArguments(tool: Tool & { readonly go: NonNullable<Tool["go"]> }): string[] {
  const set = Object.entries(tool.go.set).map(([name, value]) => `-X ${name}=${value}`);
  return [
    "build",
    "-v", // names each package as it is compiled: that is the progress
    "-trimpath",
    "-buildvcs=false",
    `-ldflags=${["-s -w", ...set].join(" ")}`,
    tool.go.package,
  ];
}

/** The settings that must not come from the user's; caches, proxy and certificates do. */
export const buildEnvironment = (arch: Arch): Record<string, string | undefined> => ({
  CGO_ENABLED: "0",
  GOFLAGS: "-mod=readonly",
  GOOS: "linux",
  GOARCH: arch,
  GOAMD64: undefined,
  GOARM64: undefined,
  GOEXPERIMENT: undefined,
  GOWORK: "off",
  GO111MODULE: "on",
  // A Go older than the module's `go` line fetches that release through the module proxy, checked by its checksum
  // database; `local`, which some machines set, would be a mere refusal.
  GOTOOLCHAIN: "auto",
});

/**
 * Go's caches: the user's own, so that nothing is fetched or compiled twice. But root in somebody else's home
 * (sudo) would leave files there that their owner's Go could neither read nor remove: then ours.
 */
export function cacheEnvironment(
  paths: LabPaths,
  uid = process.getuid?.(),
  homeOwner = statSync(homedir(), { throwIfNoEntry: false })?.uid,
): Record<string, string> {
  if (uid !== 0 || homeOwner === undefined || homeOwner === 0) return {};
  return { GOCACHE: join(paths.cache, "go", "build"), GOMODCACHE: join(paths.cache, "go", "mod") };
}

/** The cache entry of a built tool: all that goes into it, but the Go release that compiles it. */
export function buildKey(tool: Tool & { readonly go: NonNullable<Tool["go"]> }, arch: Arch): string {
  const files = ["go.mod", "go.sum", "tools.go"].map((file) =>
    readFileSync(join(moduleFolder(tool.name), file), "utf8"),
  );
  const recipe = JSON.stringify([tool.version, buildArguments(tool), buildEnvironment(arch), files]);
  return `${tool.name}-${tool.version}-${arch}-${shortHash(recipe)}`;
}

/**
 * Builds a tool, or finds it built.
 * @returns the program's path.
 */
export async function buildTool(
  context: LabContext,
  tool: Tool & { readonly go: NonNullable<Tool["go"]> },
  arch: Arch,
  go: Go,
): Promise<string> {
  const entry = await cached(context, buildKey(tool, arch), async (folder) => {
    let compiled = 0;
    context.report(`building ${tool.name}`);
    try {
      await run(
        go.path,
        [...buildArguments(tool).slice(0, -1), "-o", join(folder, tool.name), tool.go.package],
        {
          cwd: moduleFolder(tool.name),
          env: { ...buildEnvironment(arch), ...cacheEnvironment(context.paths) },
          log: context.paths.log,
          onLine: (line) => {
            if (/^[\w.-]+(\/|$)/.test(line)) compiled++;
            if (compiled % 20 === 0) context.report(`building ${tool.name} (${compiled} packages compiled)`);
          },
        },
      );
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      throw new ToolchainError(
        `${tool.name} ${tool.version} could not be built with Go ${go.version} (${go.path}): ${error.message}\n` +
          "If a module can't be fetched, the Go module proxy must be reachable (see `go env GOPROXY`). " +
          `All output is in ${context.paths.log}`,
      );
    }
  });
  return join(entry, tool.name);
}
