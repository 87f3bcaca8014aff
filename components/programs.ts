/** How a Command resource runs one of our programs: without a shell, parameters in the environment. */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { CommandArgs } from "@pulumi/command/local/command.js";

export type ProgramName = "certificates" | "discovery" | "host" | "membership" | "readiness";

/** The file `commands/<program>.ts`. */
export const programFile = (name: ProgramName): string =>
  fileURLToPath(new URL(`../commands/${name}.ts`, import.meta.url));

/**
 * The arguments by which a Command runs `commands/<program>.ts`. The path is relative to the project (where Pulumi
 * runs Commands), so that the state holds no path of one person's machine.
 */
export function program(name: ProgramName): Pick<CommandArgs, "interpreter" | "logging"> {
  // Standard output is the result and stays out of the log; progress goes to standard error.
  return { interpreter: ["node", relative(process.cwd(), programFile(name))], logging: "stderr" };
}
