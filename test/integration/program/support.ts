/** The fixture program under the real engine and the real provider, on a private libvirt of the test's own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { enterCommand, labDown, labUp, type LabHost, temporaryFolder } from "../../../lab/libvirt/index.ts";
import { diagnostics } from "../../../commands/lab/pulumiOutput.ts";
import type { LabSession } from "../../../commands/lab/session.ts";
import { labPaths, type LabContext } from "../../../lab/shared/context.ts";
import { ProcessError, run, type RunResult } from "../../../lab/shared/process.ts";
import { ensureToolchain, preparePulumi } from "../../../lab/toolchain/index.ts";
import { stepsIn } from "../../support/steps.ts";
import { type Config, planOf, POOLS } from "./plan.ts";

export { type Config, POOLS } from "./plan.ts";

const checkout = join(import.meta.dirname, "../../..");
const fixture = join(import.meta.dirname, "fixture");
const PROJECT = "coreos-cluster-fixture";

/** What the engine does to resources: `dev-core01-disk replace`, with all steps of a replacement as one. */
export type Steps = readonly string[];

export interface Stack {
  readonly name: string;
  /** `pulumi VERB`, with what a script would add; throws when it fails. */
  pulumi(verb: string, ...args: string[]): Promise<RunResult>;
  set(config: Config): void;
  /** What a preview announces, without what stays as it is. */
  announced(): Promise<Steps>;
  /** Runs `up` and tells what it did, in the same words. */
  done(): Promise<Steps>;
  /**
   * Starts `pulumi VERB` and ends it and all that it started, at once and without warning, when its output matches.
   * @returns false when it ended by itself before that.
   */
  killAt(verb: string, output: RegExp): Promise<boolean>;
  /** Starts `pulumi VERB` as the leader of a process group of its own; its standard output can be read. */
  start(verb: string): ChildProcess & { readonly stdout: Readable };
  /** The stack as `npm start` and `npm stop` would see it, for what they do with theirs. */
  readonly session: LabSession;
}

export interface Place {
  readonly host: LabHost;
  readonly context: LabContext;
  /** For a test's own files; goes with the place. */
  readonly folder: string;
  /** An empty qcow2 image: machines over it start, and boot nothing. */
  readonly image: string;
  readonly virsh: (...args: string[]) => Promise<string>;
  /** Runs a command where libvirt is. */
  inside(...command: string[]): Promise<string>;
  stack(name: string, config: Config): Promise<Stack>;
  /** A stack of another program, with these values as its config, and the environment in which the CLI finds it. */
  program(
    name: string,
    project: string,
    config: Readonly<Record<string, unknown>>,
  ): Promise<Pick<Stack, "pulumi"> & { readonly env: Readonly<Record<string, string>> }>;
  /** Domains, pools and folders of pools that are there. */
  things(): Promise<string[]>;
  remove(): Promise<void>;
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line.trim() !== "");

/** A stack that is there, and how its Pulumi is run. */
interface Opened extends Pick<Stack, "pulumi"> {
  readonly command: (verb: string, ...args: string[]) => string[];
  readonly stackEnv: Readonly<Record<string, string>>;
  /** Makes these values, and where libvirt is, the stack's config. */
  readonly write: (config: Readonly<Record<string, unknown>>) => void;
}

/** Where Pulumi runs, and how the libvirt host is called there. */
export interface Elsewhere {
  /** The words before a command that run it there. */
  readonly enter: readonly string[];
  readonly uri: string;
}

/**
 * A private libvirt and a Pulumi of its own; takes minutes only where the toolchain must be built first.
 * @param elsewhere makes a place for Pulumi that is not the libvirt host itself, once that is up.
 * @param temporaryIn makes a folder for Pulumi's temporary files in the place's own, in place of the lab's.
 */
export async function makePlace(
  elsewhere?: (context: LabContext, folder: string) => Promise<Elsewhere>,
  temporaryIn?: (folder: string) => string,
): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), "program-"));
  const paths = { ...labPaths(checkout), lab: join(folder, "lab"), log: join(folder, "log") };
  const context: LabContext = { paths, report: () => undefined };
  mkdirSync(paths.lab);
  const toolchain = await ensureToolchain(context);
  const host = await labUp(context);
  const pulumis = await elsewhere?.(context, folder);
  const enter = (): readonly string[] => pulumis?.enter ?? enterCommand(context);
  const env = {
    ...(await preparePulumi(context, toolchain)),
    PATH: `${toolchain.bin}:${process.env["PATH"] ?? ""}`,
    NO_COLOR: "1",
    // Where Pulumi's plugins leave their sockets when they are killed.
    ...(pulumis === undefined ? { TMPDIR: temporaryIn?.(folder) ?? temporaryFolder } : {}),
    PULUMI_DEBUG_COMMANDS: "true", // for --event-log
  };
  const image = join(folder, "empty.qcow2");
  await run("qemu-img", ["create", "-q", "-f", "qcow2", image, "64M"]);

  const inside = async (...command: string[]): Promise<string> => {
    const [file = "", ...args] = [...enterCommand(context), ...command];
    return (await run(file, args, { timeout: 60, log: paths.log })).stdout;
  };
  const virsh = (...args: string[]): Promise<string> => inside("virsh", "--quiet", ...args);

  /** @param entries the stack's config; a function, since tests change it. */
  async function open(name: string, project: string): Promise<Opened> {
    const configFile = join(folder, `Pulumi.${name}.yaml`);
    const stackEnv = { ...env, PULUMI_STACK: name, PULUMI_OPTION_CONFIG_FILE: configFile };
    // `stack init` writes the stack's salt beside Pulumi.yaml: it is run on a copy.
    const copy = join(folder, `project-${name}`);
    mkdirSync(copy);
    cpSync(join(project, "Pulumi.yaml"), join(copy, "Pulumi.yaml"));
    await run("pulumi", ["stack", "init", name], {
      cwd: copy,
      env: { ...stackEnv, PULUMI_OPTION_CONFIG_FILE: undefined },
    });
    const salt = readFileSync(join(copy, `Pulumi.${name}.yaml`), "utf8");

    const command = (verb: string, ...args: string[]): string[] => [
      ...[...enter(), "pulumi", "--cwd", project, verb, "--non-interactive"],
      ...(/^(up|destroy|refresh)$/.test(verb) ? ["--yes", "--skip-preview"] : []),
      ...args,
    ];
    const write = (config: Readonly<Record<string, unknown>>): void => {
      // JSON is YAML.
      writeFileSync(
        configFile,
        `${salt}config: ${JSON.stringify({ ...config, "libvirt:uri": pulumis?.uri ?? host.uri })}\n`,
      );
    };
    const pulumi: Stack["pulumi"] = async (verb, ...args) => {
      const [file = "", ...rest] = command(verb, ...args);
      try {
        return await run(file, rest, { env: stackEnv, timeout: 600, log: paths.log });
      } catch (error) {
        if (!(error instanceof ProcessError)) throw error;
        throw new Error(`pulumi ${verb}:\n${diagnostics(error.output)}`, { cause: error });
      }
    };
    return { command, stackEnv, write, pulumi };
  }

  async function stack(name: string, first: Config): Promise<Stack> {
    const { command, stackEnv, write, pulumi } = await open(name, fixture);
    const set = (config: Config): void => {
      const { generation = "one" } = config;
      const plan = planOf(config, image, host);
      write({ [`${PROJECT}:fixture`]: { plan, ...(generation === "profiles" ? {} : { generation }) } });
    };
    set(first);
    const stepsOfRun = async (verb: string): Promise<Steps> => {
      const events = join(folder, `events-${name}.json`);
      rmSync(events, { force: true });
      await pulumi(verb, "--event-log", events);
      return stepsIn(readFileSync(events, "utf8"))
        .map((step) => `${step.name} ${step.op}`)
        .toSorted();
    };
    const start: Stack["start"] = (verb) => {
      const [file = "", ...rest] = command(verb);
      return spawn(file, rest, {
        env: { ...process.env, ...stackEnv },
        stdio: ["ignore", "pipe", "ignore"],
        detached: true, // a process group of its own
      });
    };
    const session: LabSession = {
      context: { ...context, paths: { ...paths, checkout: fixture } },
      stack: name,
      enter: enter().map((word) => word.replace(/^--chdir=.*/, `--chdir=${fixture}`)),
      env: stackEnv,
    };
    return {
      name,
      session,
      start,
      set,
      pulumi,
      announced: () => stepsOfRun("preview"),
      done: () => stepsOfRun("up"),
      killAt: async (verb, output) => {
        const child = start(verb);
        let text = "";
        let killed = false;
        child.stdout.on("data", (chunk: Buffer) => {
          text += chunk.toString();
          if (killed || !output.test(text) || child.pid === undefined) return;
          killed = true;
          process.kill(-child.pid, "SIGKILL");
        });
        await once(child, "close");
        return killed;
      },
    };
  }

  return {
    host,
    context,
    folder,
    image,
    inside,
    virsh,
    stack,
    program: async (name, project, config) => {
      const { write, pulumi, stackEnv } = await open(name, project);
      write(config);
      return { pulumi, env: stackEnv };
    },
    things: async () => [
      ...lines(await virsh("list", "--all", "--name")).map((name) => `domain ${name.trim()}`),
      ...lines(await virsh("pool-list", "--all", "--name")).map((name) => `pool ${name.trim()}`),
      ...lines(await inside("sh", "-c", `ls ${POOLS} 2>/dev/null || true`)).map((name) => `folder ${name}`),
    ],
    remove: async () => {
      await labDown(context);
      if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
      for (const name of readdirSync(fixture).filter((file) => /^Pulumi\..*\.yaml$/.test(file)))
        rmSync(join(fixture, name));
    },
  };
}
