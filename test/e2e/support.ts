/** The CLI as a user types it, on a lab of the suite's own beside the developer's. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { accessBy } from "../../host/access.ts";
import { takeSnapshot, type Things } from "../../host/snapshot.ts";

export const checkout = join(import.meta.dirname, "..", "..");
export const labFolder = join(checkout, ".lab-e2e");

const env = { CLUSTER_LAB_DIR: labFolder, NO_COLOR: "1" };

export interface Answer {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly all: string;
}

/** A run of `npm start` in a process group of its own, so that a test can kill it as a whole. */
export interface Start {
  readonly ended: Promise<unknown>;
  killAll(): void;
}

export function npmStart(): Start {
  const child = execa("npm", ["start"], {
    cwd: checkout,
    env,
    reject: false,
    detached: true,
    stdio: "ignore",
  });
  return {
    ended: child,
    killAll: () => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    },
  };
}

/** `npm SCRIPT -- ARGUMENTS`, to its end. */
export async function npm(script: string, ...args: string[]): Promise<Answer> {
  const command = ["run", "--silent", script, "--", ...args];
  const result = await execa("npm", command, {
    cwd: checkout,
    env,
    all: true,
    reject: false,
    stdin: "ignore",
  });
  return { exitCode: result.exitCode, stdout: result.stdout, all: result.all };
}

/** A command in the lab; its standard output. Fails with all that it printed. */
export async function inLab(...command: string[]): Promise<string> {
  const { exitCode, stdout, all } = await npm("cluster", "exec", ...command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")} exited with ${exitCode}:\n${all}`);
  return stdout;
}

/** A command in the lab that must fail; all that it printed. */
export async function failsInLab(...command: string[]): Promise<string> {
  const { exitCode, all } = await npm("cluster", "exec", ...command);
  if (exitCode === 0) throw new Error(`${command.join(" ")} did not fail:\n${all}`);
  return all;
}

/** A command on a node, through ssh. */
export async function onNode(node: string, ...command: string[]): Promise<string> {
  const { exitCode, stdout, all } = await npm("cluster", "ssh", node, ...command);
  if (exitCode !== 0) throw new Error(`${node}: ${command.join(" ")} exited with ${exitCode}:\n${all}`);
  return stdout.trim();
}

/** What a lab could leave behind on a host: what `leaks` looks at, and processes. */
export interface HostState {
  readonly things: Things;
  /** Command lines of the processes that know the suite's lab folder, or see it mounted. */
  readonly processes: readonly string[];
}

const read = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // the process ended meanwhile
  }
};

function labProcesses(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ command: read(`/proc/${pid}/cmdline`), mounts: read(`/proc/${pid}/mountinfo`) }))
    .filter(({ command, mounts }) => command.includes(labFolder) || mounts.includes(labFolder))
    .map(({ command }) => command.replaceAll("\0", " ").trim())
    .sort();
}

/** The machine itself as it is now; its own libvirt, if it has one, is not asked. */
export async function hostState(): Promise<HostState> {
  const machine = accessBy("qemu:///system");
  const options = { libvirt: false, folders: ["/run/libvirt", "/var/cache/libvirt", "/var/lib/misc"] };
  return { things: (await takeSnapshot(machine, options)).things, processes: labProcesses() };
}

/** The MAC of a node by the rule of the original coreos-libvirt script, worked out apart from the program's code. */
export async function macByMd5sum(node: string): Promise<string> {
  const { stdout } = await execa("md5sum", { input: `${node}\n` });
  return `52:54:00:${stdout.slice(0, 2)}:${stdout.slice(4, 6)}:${stdout.slice(8, 10)}`;
}
