/** Which stacks the lab knows: those in its backend's own files, which takes no time to look at. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { suggest } from "../../plan/suggest.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { stateFolder } from "../../lab/toolchain/index.ts";
import { UserError } from "../ui/errors.ts";
import { devStack } from "./session.ts";

/** The names of the lab's stacks, sorted. */
export function knownStacks(paths: LabPaths): string[] {
  const folder = join(stateFolder(paths), ".pulumi", "stacks", "coreos-cluster");
  try {
    return readdirSync(folder)
      .flatMap((name) => (name.endsWith(".json") ? [name.slice(0, -".json".length)] : []))
      .toSorted();
  } catch {
    return []; // nothing was ever made
  }
}

/** How a stack is brought up in the lab; elsewhere, with undefined. */
export function bringUp(stack: string | undefined): string {
  if (stack === undefined) return "pulumi up";
  return stack === devStack ? "npm start" : `npm run cluster -- exec --stack ${stack} pulumi up`;
}

/**
 * What is said of a stack that the lab does not have; undefined where it has. Pure.
 * @param stack what the user has asked for.
 */
export function missingStack(stack: string, known: readonly string[]): string | undefined {
  if (known.includes(stack)) return undefined;
  if (known.length === 0) return `there is no cluster in the lab yet. Next: ${bringUp(devStack)}`;
  const like = suggest(stack, known);
  const meant = like === undefined ? "" : ` (did you mean ${like}?)`;
  const make = stack === devStack ? `; ${bringUp(stack)} makes it` : "";
  return `there is no stack ${stack} in the lab${meant}; there are: ${known.join(", ")}${make}`;
}

/**
 * Checks a stack's name before it becomes a part of files' names.
 * @throws UserError where it is no name
 */
export function requireStackName(stack: string): void {
  if (/^[A-Za-z0-9_.-]{1,100}$/.test(stack) && !/^\.+$/.test(stack)) return;
  throw new UserError(
    `"${stack}" can't be a stack's name: letters, digits, "-", "_" and "." are what Pulumi takes, 100 of them at the most`,
  );
}

/** @throws UserError where the lab has no such stack, with those that there are */
export function requireStack(paths: LabPaths, stack: string): void {
  const missing = missingStack(stack, knownStacks(paths));
  if (missing !== undefined) throw new UserError(missing);
}
