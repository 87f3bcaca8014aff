/** The frame of the programs that Command resources run: verb in, one result on standard output, or one message. */

import { maskSecrets } from "./secrets.ts";
import { messageOf } from "./ui/errors.ts";

export type Verb = (env: NodeJS.ProcessEnv) => Promise<string>;

/** A failure whose message is all that the user needs: it is printed without a stack trace. */
export class ProgramError extends Error {
  override name = "ProgramError";
}

/** The value of an environment variable that the Command resource sets. */
export function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value === undefined || value === "")
    throw new ProgramError(`The environment variable ${name} is not set.`);
  return value;
}

/** A positive whole number from the environment. */
export function requiredNumber(env: NodeJS.ProcessEnv, name: string): number {
  const value = required(env, name);
  if (!/^[1-9][0-9]*$/.test(value))
    throw new ProgramError(`${name} is "${value}"; it must be a positive whole number.`);
  return Number(value);
}

/** A list of names with blanks between. */
export const words = (text: string): string[] => text.split(" ").filter((word) => word !== "");

/** What a Command prints on `update`: what it printed before, so that a changed parameter changes nothing. */
export const keep: Verb = (env) => Promise.resolve(env["PULUMI_COMMAND_STDOUT"] ?? "");

/** Progress and warnings: Pulumi shows the lines of standard error as they come, in plain text whatever is secret in them. */
export const say = (line: string): void => {
  process.stderr.write(`${maskSecrets(line, process.env)}\n`);
};

/** Runs the verb that the command line names; its result is all that goes to standard output. */
export async function runProgram(verbs: Readonly<Record<string, Verb>>): Promise<void> {
  const name = process.argv[2] ?? "";
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  try {
    if (verb === undefined)
      throw new ProgramError(`Unknown verb "${name}"; there are: ${Object.keys(verbs).join(", ")}.`);
    process.stdout.write(await verb(process.env));
  } catch (error) {
    say(messageOf(error));
    process.exitCode = 1;
  }
}
