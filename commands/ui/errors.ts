/** How a command fails: one clear message, the file with the details, exit code 1. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { styleText } from "node:util";

/** A failure that is the user's to mend: shown as its message alone. */
export class UserError extends Error {
  override name = "UserError";
}

/** Ends the process with an exit code and no message, since the cause has been shown already. */
export class ExitError extends Error {
  override name = "ExitError";
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** The words of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Codes of a disk that takes no more. */
const FULL = ["ENOSPC", "EDQUOT"];

/** An error's words; those of the system for a full disk are too few. */
function wordsOf(error: Error, log: string): string {
  const { code = "" } = error as NodeJS.ErrnoException;
  if (!FULL.includes(code)) return error.message;
  const lab = dirname(dirname(log));
  return `a disk is full: ${error.message}. \`df -h ${lab}\` shows the one of the lab; with room on it, run the same again`;
}

/** What is printed for an error. Causes that are programming mistakes keep their stack. */
export function describe(error: unknown, log: string): string {
  const red = (text: string): string => styleText("red", text, { stream: process.stderr });
  if (!(error instanceof Error)) return `${red("error:")} ${String(error)}`;
  const bug = ["TypeError", "ReferenceError", "RangeError", "AssertionError"].includes(error.name);
  const words = bug ? (error.stack ?? error.message) : wordsOf(error, log);
  const details = !(error instanceof UserError) && existsSync(log) ? `\nDetails: ${log}` : "";
  return `${red("error:")} ${words}${details}`;
}
