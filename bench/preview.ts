/**
 * How long a no-change preview of the three-node stack takes, beside an empty Pulumi program's: interleaved runs on one
 * machine, so that noise meets both. Run it while the dev stack is up:
 *
 *     npm run cluster -- exec node bench/preview.ts [rounds]
 *
 * Ends with code 1 when the difference of the medians is above the limit, or when the preview shows a change.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Seconds that the program may take beyond what any Pulumi program takes. */
const LIMIT = 1.5;

const checkout = join(import.meta.dirname, "..");
const rounds = Number(process.argv[2] ?? "10");
const stack = process.env["BENCH_STACK"] ?? "dev";

/** An empty program with a state of its own, the same SDK and the same options. */
function makeEmptyProgram(folder: string): NodeJS.ProcessEnv {
  const project =
    "name: empty\nruntime:\n  name: nodejs\n  options:\n    typescript: false\nmain: index.ts\n";
  mkdirSync(join(folder, "state"));
  writeFileSync(join(folder, "Pulumi.yaml"), project);
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "empty", type: "module", main: "index.ts" }),
  );
  writeFileSync(join(folder, "index.ts"), "export {};\n");
  symlinkSync(join(checkout, "node_modules"), join(folder, "node_modules"));
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "empty",
  };
  delete env["PULUMI_CONFIG_PASSPHRASE_FILE"];
  delete env["PULUMI_OPTION_CONFIG_FILE"];
  return env;
}

const pulumi = (cwd: string, env: NodeJS.ProcessEnv, ...args: string[]): void => {
  execFileSync("pulumi", ["--non-interactive", ...args], {
    cwd,
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
};

/** Seconds that `work` takes. */
function timed(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
};

const row = (what: string, values: readonly number[]): string =>
  `${what.padEnd(28)} median ${median(values).toFixed(2)} s, from ${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)} s`;

const folder = mkdtempSync(join(tmpdir(), "empty-program-"));
try {
  const emptyEnv = makeEmptyProgram(folder);
  pulumi(folder, emptyEnv, "stack", "init", "empty");
  const empty = (): void => {
    pulumi(folder, emptyEnv, "preview", "--stack", "empty");
  };
  const cluster = (): void => {
    pulumi(checkout, process.env, "preview", "--stack", stack, "--expect-no-changes");
  };
  empty();
  cluster(); // the first of each warms caches and is not counted
  const times = { empty: [] as number[], cluster: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    times.empty.push(timed(empty));
    times.cluster.push(timed(cluster));
  }
  const difference = median(times.cluster) - median(times.empty);
  console.log(row("empty program", times.empty));
  console.log(row("three-node cluster", times.cluster));
  console.log(
    `difference ${difference.toFixed(2)} s (limit ${LIMIT} s), ratio ${(median(times.cluster) / median(times.empty)).toFixed(2)}, ${rounds} rounds`,
  );
  if (difference > LIMIT) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
