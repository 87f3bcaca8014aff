/** Tools that are on the machine already, in exactly the pinned version. */
import { accessSync, closeSync, constants, openSync, readSync, realpathSync } from "node:fs";
import { devNull, homedir } from "node:os";
import { dirname, isAbsolute, join, relative } from "node:path";
import type { LabPaths } from "../shared/context.ts";
import { run } from "../shared/process.ts";
import { answersVersion, machineArch, type Tool } from "./table.ts";

/** Every stand-in's launcher carries these words; one is never taken for an official tool. */
export const STAND_IN_MARK = "offline stand-in";

/** Seconds that a program has to say its version. */
const PATIENCE = 10;

const inside = (path: string, folder: string): boolean => {
  const way = relative(folder, path);
  return way === "" || (!way.startsWith("..") && !isAbsolute(way));
};

const executable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

function isStandIn(file: string): boolean {
  const head = Buffer.alloc(1024);
  const descriptor = openSync(file, "r");
  try {
    readSync(descriptor, head);
  } finally {
    closeSync(descriptor);
  }
  return head.includes(STAND_IN_MARK);
}

/** Where Pulumi keeps what it installed itself, unless that is the lab's own. */
function pulumiHome(paths: LabPaths, env: NodeJS.ProcessEnv): string | undefined {
  const home = env["PULUMI_HOME"] || join(homedir(), ".pulumi");
  return inside(home, paths.lab) ? undefined : home;
}

/** Files that would be this version by their very place; they need not be asked. */
function placesByVersion(tool: Tool, home: string | undefined): string[] {
  if (home === undefined) return [];
  if (tool.kind === "resource-plugin" && tool.plugin !== undefined) {
    return [join(home, "plugins", `resource-${tool.plugin}-v${tool.version}`, tool.name)];
  }
  if (tool.kind === "terraform-provider") {
    const target = `linux_${machineArch()}`;
    const provider = join("registry.opentofu.org", "dmacvicar", "libvirt", tool.version, target, tool.name);
    return [join(home, "dynamic_tf_plugins", provider)];
  }
  return [];
}

/** Files of the tool's name whose version must be asked: on PATH, and beside Pulumi, where it brings its parts. */
function placesToAsk(tool: Tool, paths: LabPaths, env: NodeJS.ProcessEnv): string[] {
  if (tool.ask === undefined) return [];
  const folders = (env["PATH"] ?? "")
    .split(":")
    .filter((folder) => isAbsolute(folder) && !inside(folder, paths.lab));
  const pulumis =
    tool.kind === "program" ? [] : folders.map((folder) => join(folder, "pulumi")).filter(executable);
  const beside = pulumis.map((pulumi) => dirname(realpathSync(pulumi)));
  return [...new Set([...beside, ...folders])].map((folder) => join(folder, tool.name));
}

async function isVersion(file: string, tool: Tool): Promise<boolean> {
  try {
    if (tool.ask === "plugin") {
      const { pluginVersion } = await import("./standins/plugin/client.ts"); // gRPC takes a while to load
      return (await pluginVersion(file, PATIENCE)) === tool.version;
    }
    // Pulumi keeps a log of each run in its home, of this one too: the user's is left as it is.
    const env = { PULUMI_SKIP_UPDATE_CHECK: "true", PULUMI_HOME: devNull };
    const { stdout } = await run(file, tool.ask?.args ?? [], { timeout: PATIENCE, env });
    return answersVersion(stdout, tool.version);
  } catch {
    return false; // broken, or something else of that name
  }
}

/**
 * Looks for a tool in the pinned version: on PATH, beside the Pulumi that is on PATH, and among the plugins that the
 * user's Pulumi has installed.
 * @returns its path.
 */
export async function findInstalled(
  tool: Tool,
  paths: LabPaths,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const usable = (file: string): boolean => executable(file) && !isStandIn(file);
  const known = placesByVersion(tool, pulumiHome(paths, env)).find(usable);
  if (known !== undefined) return known;
  for (const file of placesToAsk(tool, paths, env).filter(usable)) {
    if (await isVersion(file, tool)) return file;
  }
  return undefined;
}
