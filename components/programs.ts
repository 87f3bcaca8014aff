/** How a Command resource runs one of our programs: without a shell, parameters in the environment. */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { CommandArgs } from "@pulumi/command/local/command.js";

/**
 * The arguments by which a Command runs `commands/<program>.ts`. The path is relative to the project (where Pulumi
 * runs Commands), so that the state holds no path of one person's machine.
 */
export function program(
  name: "certificates" | "discovery" | "host" | "membership" | "readiness",
): Pick<CommandArgs, "interpreter" | "logging"> {
  const file = fileURLToPath(new URL(`../commands/${name}.ts`, import.meta.url));
  // Standard output is the result and stays out of the log; progress goes to standard error.
  return { interpreter: ["node", relative(process.cwd(), file)], logging: "stderr" };
}
