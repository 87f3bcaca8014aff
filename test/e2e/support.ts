/** The CLI as a user types it, on a lab of the suite's own beside the developer's. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

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

/** What a lab could leave behind on a host: mounts, network devices, namespaces, daemons' files, processes. */
export interface HostState {
  readonly mounts: readonly string[];
  readonly devices: readonly string[];
  readonly namedNamespaces: readonly string[];
  readonly files: readonly string[];
  /** Command lines of the processes that know the suite's lab folder, or see it mounted. */
  readonly processes: readonly string[];
}

const list = (folder: string): string[] => {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
};

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

export function hostState(): HostState {
  const folders = [
    "/run/libvirt",
    "/var/lib/libvirt",
    "/var/lib/libvirt/images",
    "/var/log/libvirt/qemu",
    "/etc/libvirt/qemu",
  ];
  return {
    mounts: readFileSync("/proc/self/mounts", "utf8").split("\n").sort(),
    devices: readdirSync("/sys/class/net").sort(),
    namedNamespaces: list("/run/netns"),
    files: folders.flatMap(list).sort(),
    processes: labProcesses(),
  };
}

/** The MAC of a node by the rule of the original coreos-libvirt script, worked out apart from the program's code. */
export async function macByMd5sum(node: string): Promise<string> {
  const { stdout } = await execa("md5sum", { input: `${node}\n` });
  return `52:54:00:${stdout.slice(0, 2)}:${stdout.slice(4, 6)}:${stdout.slice(8, 10)}`;
}
