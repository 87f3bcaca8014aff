/** Installing an offline stand-in: a launcher for its program in standins/. */
import { join } from "node:path";
import type { LabPaths } from "../shared/context.ts";
import { STAND_IN_MARK } from "./installed.ts";
import { placeFile } from "./place.ts";
import type { Tool } from "./table.ts";

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The launcher's text: it names the checkout's own source, so that an edit there counts at once. */
export function launcher(tool: Tool & { readonly standIn: string }, node: string = process.execPath): string {
  const program = join(import.meta.dirname, "standins", tool.standIn, "main.ts");
  return [
    "#!/bin/sh",
    `# This is an ${STAND_IN_MARK} for ${tool.name} ${tool.version}, not the official program.`,
    // Node 22 warns on stderr about TypeScript, and the engine shows what a plugin prints there.
    `exec ${quoted(node)} --disable-warning=ExperimentalWarning ${quoted(program)} "$@"`,
    "",
  ].join("\n");
}

/** @returns the launcher's path. */
export async function placeStandIn(
  paths: LabPaths,
  tool: Tool & { readonly standIn: string },
): Promise<string> {
  const file = join(paths.lab, "toolchain", "standins", tool.name);
  await placeFile(file, launcher(tool), 0o755);
  return file;
}
