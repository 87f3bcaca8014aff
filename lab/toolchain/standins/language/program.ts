/** Running a Pulumi program: a Node.js process with the SDK's own runner. */
import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { RunRequest } from "@pulumi/pulumi/proto/language_pb.js";

/** The exit code by which the SDK says that it has already told the user what is wrong. */
const TOLD = 32;

let program: ChildProcess | undefined;

/** Ends the running program, if there is one. */
export function endProgram(): void {
  program?.kill("SIGTERM");
}

/** What Pulumi.yaml says under `runtime.options`. */
export interface RuntimeOptions {
  readonly typescript?: boolean;
  readonly tsconfig?: string;
  readonly nodeargs?: string;
}

/** The variables that the SDK's runner reads. */
export function programEnvironment(
  options: RuntimeOptions,
  config: Readonly<Record<string, string>>,
  secretKeys: readonly string[],
): Record<string, string> {
  return {
    PULUMI_CONFIG: JSON.stringify(config),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(secretKeys),
    // `typescript` means by ts-node, and is what a project without options gets.
    PULUMI_NODEJS_TYPESCRIPT: String(options.typescript !== false),
    ...(options.tsconfig === undefined ? {} : { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig }),
  };
}

/** Node's arguments: its own, the runner, the runner's, the program. */
export function programArguments(
  request: RunRequest,
  engine: string,
  runner: string,
  options: RuntimeOptions,
): string[] {
  const info = request.getInfo();
  const flags = {
    monitor: request.getMonitorAddress(),
    engine,
    organization: request.getOrganization(),
    project: request.getProject(),
    "root-directory": info?.getRootDirectory() ?? "",
    stack: request.getStack(),
    pwd: request.getPwd(),
    parallel: String(request.getParallel()),
  };
  return [
    ...(options.nodeargs?.split(/\s+/).filter((argument) => argument !== "") ?? []),
    runner,
    ...Object.entries(flags).flatMap(([name, value]) => (value === "" ? [] : [`--${name}`, value])),
    ...(request.getDryrun() ? ["--dry-run"] : []),
    info?.getEntryPoint() || request.getProgram() || ".",
    ...request.getArgsList(),
  ];
}

/** @param onCancel is given the function that ends the program early. */
export async function runProgram(
  request: RunRequest,
  engine: string,
  onCancel: (cancel: () => void) => void,
): Promise<{ error: string; bail: boolean }> {
  const info = request.getInfo();
  const directory = info?.getProgramDirectory() || request.getPwd();
  let runner: string;
  try {
    runner = createRequire(join(directory, "program.js")).resolve("@pulumi/pulumi/cmd/run");
  } catch {
    return {
      error: `@pulumi/pulumi is not installed for the program in ${directory}; run npm ci there`,
      bail: false,
    };
  }
  const options = (info?.getOptions()?.toJavaScript() ?? {}) as RuntimeOptions;
  const config = Object.fromEntries(request.getConfigMap().toArray());
  const child = spawn(process.execPath, programArguments(request, engine, runner, options), {
    cwd: directory,
    env: { ...process.env, ...programEnvironment(options, config, request.getConfigsecretkeysList()) },
    stdio: ["ignore", "inherit", "inherit"],
  });
  program = child;
  onCancel(endProgram);
  return await new Promise((resolve) => {
    child.on("error", (error) => {
      resolve({ error: `can't start ${process.execPath}: ${error.message}`, bail: false });
    });
    child.on("exit", (code, signal) => {
      if (code === 0) resolve({ error: "", bail: false });
      else if (code === TOLD) resolve({ error: "", bail: true });
      else if (signal !== null) resolve({ error: `Program was ended by ${signal}`, bail: false });
      else resolve({ error: `Program exited with non-zero exit code: ${String(code)}`, bail: false });
    });
  });
}
