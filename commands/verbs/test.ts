/** `npm test`: every suite, one after the other, and one line that counts them all. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { LabImage } from "../../lab/image/index.ts";
import { guestTestRequirements } from "../../lab/libvirt/index.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import type { Toolchain } from "../../lab/toolchain/index.ts";
import { preparePackages, prepareImage, prepareToolchain } from "../lab/prepare.ts";
import { ExitError, UserError } from "../ui/errors.ts";
import { closingLine, none, sum, type Counts } from "../ui/counts.ts";
import { duration, Phases, together } from "../ui/phases.ts";

/** Suites whose tests need the lab's packages, tools and image; their folder under test/ bears their name. */
const labSuites = ["integration", "faults", "e2e"];
const suites = ["checks", "unit", ...labSuites];

/**
 * Runs the suites in the order checks, unit, integration, faults, e2e. Of the faults, which take hours, only a short selection runs
 * where nobody asks for them by name.
 * @param only names of suites; all where it is empty
 * @throws ExitError 1 when a test failed or none ran
 */
export async function test(paths: LabPaths, only: readonly string[]): Promise<void> {
  const unknown = only.filter((suite) => !suites.includes(suite));
  if (unknown.length > 0)
    throw new UserError(`no suite ${unknown.join(", ")}; there are: ${suites.join(", ")}`);
  const chosen = suites.filter((suite) => only.length === 0 || only.includes(suite));
  const path = chosen.some((suite) => labSuites.includes(suite))
    ? await prepareTools(paths, chosen)
    : undefined;
  let total = none;
  for (const suite of chosen) {
    const began = performance.now();
    process.stdout.write(`\n== ${suite}\n`);
    const env = suite === "faults" && only.length === 0 ? { FAULTS: process.env["FAULTS"] ?? "short" } : {};
    if (suite === "faults" && { ...process.env, ...env }["FAULTS"] === "short")
      process.stdout.write(
        "A short selection: what is skipped takes minutes each; npm run test:faults runs all.\n",
      );
    const counts = suite === "checks" ? await runChecks(paths) : await runMocha(paths, suite, path, env);
    process.stdout.write(`== ${suite}: ${closingLine(counts)} (${duration(performance.now() - began)})\n`);
    total = sum(total, counts);
  }
  process.stdout.write(`\n${closingLine(total)}\n`);
  if (total.failed > 0 || total.passed === 0) throw new ExitError(1);
}

/** Installs and builds what the lab's suites need; returns the PATH with the tools. */
async function prepareTools(paths: LabPaths, chosen: readonly string[]): Promise<string> {
  const phases = new Phases();
  await preparePackages(
    paths,
    phases,
    labSuites.some((suite) => chosen.includes(suite)) ? guestTestRequirements : [],
  );
  const [toolchain] = await together<[Toolchain, LabImage]>([
    prepareToolchain(paths, phases),
    prepareImage(paths, phases),
  ]);
  for (const note of toolchain.notes) phases.say(note);
  return `${toolchain.bin}:${process.env["PATH"] ?? ""}`;
}

/** Format, lint and types: each counts as one test. */
async function runChecks(paths: LabPaths): Promise<Counts> {
  const checks = {
    format: ["prettier", "--check", "."],
    lint: ["eslint", "."],
    types: ["tsc", "--noEmit"],
  } as const;
  let counts = none;
  for (const [name, [file, ...args]] of Object.entries(checks)) {
    const { failed } = await execa(file, args, {
      cwd: paths.checkout,
      stdio: ["ignore", "inherit", "inherit"],
      reject: false,
    });
    process.stdout.write(`  ${failed ? "✖" : "✔"} ${name}\n`);
    counts = sum(counts, { ...none, passed: failed ? 0 : 1, failed: failed ? 1 : 0 });
  }
  return counts;
}

async function runMocha(
  paths: LabPaths,
  suite: string,
  path: string | undefined,
  env: Readonly<Record<string, string>>,
): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), "coreos-cluster-test-"));
  const file = join(folder, "counts.json");
  try {
    // mocha takes CI=true for a terminal with colours.
    const colours = process.stdout.isTTY && process.env["NO_COLOR"] === undefined ? [] : ["--no-color"];
    const result = await execa("mocha", [...colours, `test/${suite}/**/*.test.ts`], {
      cwd: paths.checkout,
      env: { ...env, MOCHA_COUNTS: file, ...(path === undefined ? {} : { PATH: path }) },
      stdio: ["ignore", "inherit", "inherit"],
      reject: false,
    });
    const counts = existsSync(file) ? (JSON.parse(await readFile(file, "utf8")) as Counts) : none;
    // A runner that died, or that failed outside of any test, is a failure of its own.
    return result.failed && counts.failed === 0 ? sum(counts, { ...none, failed: 1 }) : counts;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
