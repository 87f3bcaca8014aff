/**
 * The doctor's short version, as `pulumi up` runs it before it makes the first thing on a host: what takes no root and waits for
 * nobody. A problem stops the run, so only what certainly stops the machines is one; what could not be looked at is none.
 */
import { statSync } from "node:fs";
import { ProgramError } from "../program.ts";
import { quickChecks } from "./index.ts";
import type { Finding, PlanFacts } from "./types.ts";
import { messageOf } from "../ui/errors.ts";

/** What the component knows of its plan, and a host has to do with. */
export type UpFacts = Pick<PlanFacts, "os" | "arch" | "domainType" | "bridge" | "nodes"> & {
  readonly pool: { readonly name: string; readonly path: string };
  /** Path of the image file on this machine; missing where the base is a volume that is on the host already. */
  readonly image?: string;
};

/** Facts as they came through the environment; undefined where there are none. */
export function factsFrom(text: string | undefined): PlanFacts | undefined {
  if (text === undefined || text === "") return undefined;
  const { image, ...facts } = JSON.parse(text) as UpFacts;
  return {
    ...facts,
    stack: "",
    source: undefined,
    imageSize: image === undefined ? 0 : statSync(image, { throwIfNoEntry: false })?.size,
    discovery: { mode: "static", questions: [] }, // the program that asks the registry says itself what it answers
    ownFiles: false,
  };
}

const indented = ({ found, why, remedy }: Finding): string =>
  [found, why, ...(remedy === undefined ? [] : [`→ ${remedy}`])].join("\n    ");

/** A warning, as it is shown beside the progress of `pulumi up`. */
export const warningOf = (finding: Finding): string => `warning: ${indented(finding)}`;

/**
 * All that stops the run, together.
 * @param added the machines that are to come where others are there already.
 */
export function stopMessage(uri: string, problems: readonly string[], added: readonly string[] = []): string {
  const many = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return [
    added.length === 0
      ? `The libvirt host ${uri} can't carry this cluster: ${many}; nothing has been made there.`
      : `The libvirt host ${uri} can't carry ${added.join(", ")} beside what is there: ${many}; nothing of it has been made.`,
    ...problems.map((problem) => `  ✖ ${problem}`),
  ].join("\n");
}

/** What more machines want of a host that has carried others: the rest was looked at with the first. */
const GROWTH: readonly string[] = ["bridge", "disk", "memory"];

/**
 * Looks at the host before machines are added.
 * @param there names of the machines that it has: of the plan's, the others are added.
 * @param warn is given what spoils nothing for certain.
 * @throws ProgramError with all problems.
 */
export async function checkBeforeGrowth(
  uri: string,
  facts: PlanFacts,
  there: readonly string[],
  warn: (text: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const added = facts.nodes.filter(({ name }) => name === undefined || !there.includes(name));
  if (added.length === 0) return;
  const of = async (plan: PlanFacts, ids: readonly string[]): Promise<Finding[]> =>
    await quickChecks(uri, plan, env, ids);
  const findings = [
    // What is there has its memory, if it runs, and its place on the disk, with the base image.
    ...(await of(
      facts,
      GROWTH.filter((id) => id !== "disk"),
    )),
    ...(await of({ ...facts, nodes: added, imageSize: 0 }, ["disk"])),
  ];
  for (const finding of findings) if (finding.level === "warning") warn(indented(finding));
  const problems = findings.filter(({ level }) => level === "problem").map(indented);
  if (problems.length === 0) return;
  const names = added.map(({ name }) => name ?? "a machine");
  throw new ProgramError(stopMessage(uri, problems, names));
}

/**
 * Looks at the host.
 * @param more questions that have the state's own knowledge (whose names are taken): each throws what is wrong.
 * @param warn is given what spoils nothing for certain.
 * @throws ProgramError with all problems.
 */
export async function checkBeforeUp(
  uri: string,
  facts: PlanFacts | undefined,
  more: readonly (() => Promise<unknown>)[],
  warn: (text: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const findings = facts === undefined ? [] : await quickChecks(uri, facts, env);
  for (const finding of findings) if (finding.level === "warning") warn(warningOf(finding));
  const problems = findings.filter(({ level }) => level === "problem");
  const said = problems.map(indented);
  // Without a connection these would say the same again, each in its own words.
  if (problems.every(({ id }) => id !== "connection"))
    for (const question of more) {
      try {
        await question();
      } catch (error) {
        said.push(messageOf(error));
      }
    }
  if (said.length > 0) throw new ProgramError(stopMessage(uri, said));
}
