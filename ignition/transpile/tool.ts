/** Runs a transpiler from PATH: text in, text out. */
import { spawnSync } from "node:child_process";
import { RenderError } from "../errors.ts";

export interface Tool {
  readonly command: string;
  /** What it is for, for the message that it is missing. */
  readonly purpose: string;
  readonly origin: string;
}

export const CT: Tool = {
  command: "ct",
  purpose: "the Container Linux Config transpiler",
  origin: "https://github.com/flatcar/container-linux-config-transpiler/releases",
};

export const IGN_CONVERTER: Tool = {
  command: "ign-converter",
  purpose: "the converter from Ignition 2 to Ignition 3",
  origin: "https://github.com/coreos/ign-converter",
};

export const BUTANE: Tool = {
  command: "butane",
  purpose: "the transpiler of Butane files",
  origin: "https://github.com/coreos/butane/releases",
};

export const IGNITION_VALIDATE: Tool = {
  command: "ignition-validate",
  purpose: "which checks every node's configuration before it is used",
  origin: "https://github.com/coreos/ignition/releases",
};

/** Seconds; all of them take milliseconds. */
const TIME_LIMIT = 60;

export interface ToolResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

function run(tool: Tool, args: readonly string[], input: string): ToolResult {
  const { error, status, signal, stdout, stderr } = spawnSync(tool.command, args, {
    input,
    encoding: "utf8",
    timeout: TIME_LIMIT * 1000,
    maxBuffer: 64 * 2 ** 20,
  });
  if (error !== undefined) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      throw new RenderError(`${tool.command} could not be run: ${error.message}`, { cause: error });
    }
    throw new RenderError(
      `${tool.command}, ${tool.purpose}, is not on PATH. "npm start" brings it along for the lab, and ` +
        `"npm run cluster -- exec <command>" runs a command with it; else install it from ${tool.origin}`,
    );
  }
  if (signal !== null) throw new RenderError(`${tool.command} was ended by ${signal}`);
  return { ok: status === 0, stdout, stderr };
}

const known = new Map<string, ToolResult>();

/**
 * Runs a tool; equal input is given to it once per process.
 * @param beside stands for all that the tool reads beside its input (local files)
 * @throws RenderError where the tool can't be run at all.
 */
export function runTool(tool: Tool, args: readonly string[], input: string, beside = ""): ToolResult {
  const key = JSON.stringify([tool.command, args, beside, input]);
  const result = known.get(key) ?? run(tool, args, input);
  known.set(key, result);
  return result;
}
