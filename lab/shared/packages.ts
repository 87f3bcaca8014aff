/** Debian and Ubuntu packages: what is missing of the programs that the lab needs, and its installation. */
import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import type { LabContext } from "./context.ts";
import { withServicesOff } from "./packageServices.ts";
import { ProcessError, run } from "./process.ts";

/** A program that has to be there, and the packages that bring it. */
export interface BinaryRequirement {
  /** A program's name (looked for on PATH and in the system's folders), or the absolute path of a file. */
  readonly binary: string;
  /** Packages that bring it in one release or another; the first that the machine's release knows is installed. */
  readonly packages: readonly string[];
}

/** A package's name where the package itself has to be installed, or a program with the packages that bring it. */
export type Requirement = string | BinaryRequirement;

/** Folders with system programs, which a user's PATH may leave out. */
const systemFolders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Whether a program is there: by its name in `folders`, or by its absolute path (any file then). */
export function hasBinary(binary: string, folders: readonly string[] = searchFolders()): boolean {
  if (binary.startsWith("/")) return statSync(binary, { throwIfNoEntry: false }) !== undefined;
  return folders.some((folder) => {
    try {
      const file = join(folder, binary);
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
}

const searchFolders = (): string[] => [
  ...(process.env["PATH"] ?? "").split(":").filter(Boolean),
  ...systemFolders,
];

/** Parses `dpkg-query -W -f '${Package} ${db:Status-Status}\n'`: the names of the packages that are fully installed. */
export const parseInstalled = (text: string): Set<string> =>
  new Set(
    text
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([, status]) => status === "installed")
      .map(([name]) => name ?? ""),
  );

/** Which of the packages are installed. */
async function installedOf(names: readonly string[]): Promise<Set<string>> {
  if (names.length === 0) return new Set();
  try {
    // `${binary:Package}` would carry the architecture for packages that can be there more than once.
    const { stdout } = await run("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\n", ...names]);
    return parseInstalled(stdout);
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    if (error.exitCode !== 1) throw withoutApt(error); // 1: some of them are not known, the others are listed
    return parseInstalled(error.output);
  }
}

/** Which of the packages the machine's package lists know, by `apt-cache`. Virtual packages don't count. */
async function knownOf(names: readonly string[]): Promise<Set<string>> {
  if (names.length === 0) return new Set();
  try {
    const { stdout } = await run("apt-cache", ["policy", ...names], { env: { LC_ALL: "C" } });
    return parsePolicy(stdout);
  } catch (error) {
    throw error instanceof ProcessError ? withoutApt(error) : error;
  }
}

/** Parses `apt-cache policy`: the names of the packages that have a version which can be installed. */
export function parsePolicy(text: string): Set<string> {
  const known = new Set<string>();
  let name = "";
  for (const line of text.split("\n")) {
    const heading = /^(\S+):$/.exec(line);
    if (heading?.[1] !== undefined) name = heading[1];
    const candidate = /^ {2}Candidate: (.+)$/.exec(line);
    if (candidate !== null && candidate[1] !== "(none)") known.add(name);
  }
  return known;
}

const withoutApt = (cause: Error): Error =>
  new Error(
    "This machine has no working apt: the lab installs what it needs on Debian 12 and 13 and Ubuntu 22.04 and 24.04. " +
      "Elsewhere, install the programs yourself and put them on PATH.",
    { cause },
  );

/** The requirements' programs that are missing and packages that are not installed. */
async function missing(requirements: readonly Requirement[]): Promise<Requirement[]> {
  const names = requirements.filter((one) => typeof one === "string");
  const there = names.length === 0 ? new Set<string>() : await installedOf(names);
  return requirements.filter((one) => (typeof one === "string" ? !there.has(one) : !hasBinary(one.binary)));
}

/** Chooses among a requirement's packages: the first known one, or the first of all where none is known (yet). */
export function choosePackage(requirement: Requirement, known: ReadonlySet<string>): string {
  if (typeof requirement === "string") return requirement;
  const first = requirement.packages[0];
  if (first === undefined) throw new Error(`No package is named for ${requirement.binary}.`);
  return requirement.packages.find((name) => known.has(name)) ?? first;
}

/**
 * The packages to install so that all requirements are met.
 * @returns their names, sorted, each once; empty when nothing is missing. Quick then: no program is run
 *   but `dpkg-query`, and that only where packages are required by name.
 */
export async function missingPackages(requirements: readonly Requirement[]): Promise<string[]> {
  const absent = await missing(requirements);
  const open = absent.flatMap((one) =>
    typeof one === "string" || one.packages.length < 2 ? [] : one.packages,
  );
  const known = await knownOf(open);
  return [...new Set(absent.map((one) => choosePackage(one, known)))].sort();
}

/** apt waits this many seconds for another apt that holds its lock (unattended upgrades after a boot). */
const lockWait = 300;

/**
 * Installs Debian packages, without recommended ones and without asking. The package lists are fetched only where they don't
 * know all the names, or where they are so old that a package's file is gone.
 * @throws Error that names the packages and what to type, without root or without a working apt.
 */
export async function installPackages(context: LabContext, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const words = names.join(" ");
  if (process.getuid?.() !== 0) {
    throw new Error(
      `Packages are missing; install them as root: apt-get install --no-install-recommends ${words}`,
    );
  }
  const apt = async (...args: string[]): Promise<void> => {
    await run("apt-get", ["-q", "-y", "-o", `DPkg::Lock::Timeout=${lockWait}`, ...args], {
      env: { DEBIAN_FRONTEND: "noninteractive", NEEDRESTART_MODE: "l", LC_ALL: "C.UTF-8" },
      log: context.paths.log,
    });
  };
  const install = async (): Promise<void> => {
    context.report(`installing ${words}`);
    const options = ["--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"];
    await withServicesOff(context, () => apt("install", ...options, ...names));
  };
  try {
    const fresh = await knownOf(names);
    const update = async (): Promise<void> => {
      context.report("fetching the package lists");
      await apt("update");
    };
    if (!names.every((name) => fresh.has(name))) {
      await update();
      await install();
      return;
    }
    try {
      await install();
    } catch {
      await update(); // old lists name files that the mirror no longer has
      await install();
    }
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    throw new Error(
      `The packages ${words} could not be installed (${context.paths.log} has all of apt's words): ${error.message}`,
      {
        cause: error,
      },
    );
  }
}
