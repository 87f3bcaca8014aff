/** The lab's daemons: how each is started, recognised, and known to be ready. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import type { LabContext } from "../shared/context.ts";
import { ProcessError, run } from "../shared/process.ts";
import { enterArguments, systemPath, type Holder } from "./holder.ts";
import { layout, libvirtUri, network, registryUrl } from "./layout.ts";
import { argumentsOf, isAlive, processesIn, signal, waitUntil } from "./processes.ts";
import { lookUpUser } from "./users.ts";

export type DaemonName = "virtlogd" | "libvirtd" | "dnsmasq" | "registry";

export interface Daemon {
  readonly name: DaemonName;
  /** The program with its arguments. A process of the lab with exactly these is this daemon. */
  readonly command: readonly string[];
  /** The user to run as; root when there is none (dnsmasq drops its rights by itself). */
  readonly user?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it answers. */
  readonly ready: (context: LabContext, holder: Holder) => Promise<boolean>;
}

/** Seconds within which a daemon has to answer; starting takes well below one on a quiet machine. */
const patience = 30;

/** Whether a unix socket inside the lab accepts; reached through the holder's root, whatever that is mounted on. */
const accepts = async (holder: Holder, path: string): Promise<boolean> =>
  await new Promise((resolve) => {
    const socket = createConnection(`/proc/${holder.pid}/root${path}`);
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2000, () => {
      settle(false);
    });
    socket.once("connect", () => {
      settle(true);
    });
    socket.once("error", () => {
      settle(false);
    });
  });

/** Runs a program inside the lab; false when it fails or takes too long. */
const succeeds = async (holder: Holder, command: readonly string[], seconds: number): Promise<boolean> => {
  const [file = "", ...args] = [...enterArguments(holder, "/"), ...command];
  try {
    await run(file, args, { timeout: seconds });
    return true;
  } catch (error) {
    if (error instanceof ProcessError) return false;
    throw error;
  }
};

const probe =
  (service: "dns" | "registry") =>
  async (_: LabContext, holder: Holder): Promise<boolean> => {
    const script = join(import.meta.dirname, "probe.ts");
    return await succeeds(holder, [process.execPath, "--no-warnings", script, service, network.address], 5);
  };

const registryUser = (): string => (lookUpUser("etcd") === undefined ? "nobody" : "etcd");

/** The user that dnsmasq drops to. */
export const dnsmasqUser = (): string => (lookUpUser("dnsmasq") === undefined ? "nobody" : "dnsmasq");

/** All daemons, in the order in which they are to be started. */
export const daemons = (): readonly Daemon[] => [
  {
    name: "dnsmasq",
    command: ["dnsmasq", "--keep-in-foreground", "--conf-file=/var/lib/libvirt/dnsmasq/lab.conf"],
    ready: probe("dns"),
  },
  {
    name: "registry",
    user: registryUser(),
    command: [
      "etcd",
      "--name=registry",
      "--data-dir=/run/coreos-cluster/registry",
      "--enable-v2=true",
      `--listen-client-urls=${registryUrl}`,
      `--advertise-client-urls=${registryUrl}`,
      "--listen-peer-urls=http://127.0.0.1:2380",
      "--initial-advertise-peer-urls=http://127.0.0.1:2380",
      "--initial-cluster=registry=http://127.0.0.1:2380",
    ],
    // etcd refuses to start on arm64 without it, though Debian builds and tests it there.
    ...(process.arch === "arm64" ? { env: { ETCD_UNSUPPORTED_ARCH: "arm64" } } : {}),
    ready: probe("registry"),
  },
  {
    name: "virtlogd",
    command: ["virtlogd", "--config", "/etc/libvirt/virtlogd.conf"],
    ready: async (_, holder) => await accepts(holder, "/run/libvirt/virtlogd-sock"),
  },
  {
    name: "libvirtd",
    command: ["libvirtd", "--config", "/etc/libvirt/libvirtd.conf"],
    ready: async (_, holder) =>
      (await accepts(holder, "/run/libvirt/libvirt-sock")) &&
      (await succeeds(holder, ["virsh", "-c", libvirtUri, "-q", "list"], 20)),
  },
];

/** The daemon's process (the host's id), or undefined when it doesn't run. */
export const findDaemon = (daemon: Daemon, holder: Holder): number | undefined =>
  processesIn({ pid: holder.namespaces.pid }).find((pid) => {
    const args = argumentsOf(pid);
    return args.length === daemon.command.length && args.every((word, at) => word === daemon.command[at]);
  });

/** The file that a daemon's own messages go to. */
export const daemonLog = (context: LabContext, daemon: Daemon): string =>
  join(layout(context.paths).log, `lab-${daemon.name}.log`);

/**
 * Starts a daemon in the lab. It gets a /proc of the lab's process ids (libvirt finds its guests by it), a session of its own
 * and neither the environment nor the open files of this process, and has the limit of open files that libvirt's
 * own service gives it.
 */
async function start(context: LabContext, holder: Holder, daemon: Daemon): Promise<void> {
  const enter = [
    "--mount",
    "--net",
    "--pid",
    `--target=${holder.pid}`,
    "--",
    "unshare",
    "--mount",
    "--propagation",
    "slave",
    "--",
  ];
  const variables = [
    `PATH=${systemPath}`,
    "LC_ALL=C.UTF-8",
    ...Object.entries(daemon.env ?? {}).map(([key, value]) => `${key}=${value}`),
  ];
  const as =
    daemon.user === undefined
      ? []
      : [
          "setpriv",
          `--reuid=${daemon.user}`,
          `--regid=${lookUpUser(daemon.user)?.group ?? 65534}`,
          "--clear-groups",
          "--no-new-privs",
          "--",
        ];
  await run(
    "nsenter",
    [
      ...enter,
      "env",
      "-i",
      ...variables,
      "sh",
      join(import.meta.dirname, "daemon.sh"),
      daemonLog(context, daemon),
      ...as,
      ...daemon.command,
    ],
    { log: context.paths.log, cwd: "/", timeout: 20 },
  );
}

const lastWords = async (file: string): Promise<string> => {
  const text = existsSync(file) ? await readFile(file, "utf8") : "";
  return text.trimEnd().split("\n").slice(-8).join("\n");
};

/** Ends a daemon that doesn't answer. */
async function end(pid: number): Promise<void> {
  signal(pid, "SIGKILL");
  await waitUntil(() => !isAlive(pid), 5);
}

/**
 * Sees to it that a daemon runs and answers: started when it doesn't run, started anew when it doesn't answer.
 * @throws Error with the daemon's last words when it ends at once or stays silent.
 */
export async function ensureDaemon(context: LabContext, holder: Holder, daemon: Daemon): Promise<void> {
  const running = findDaemon(daemon, holder);
  if (running !== undefined) {
    if (await waitUntil(() => daemon.ready(context, holder), 3)) return;
    context.report(`${daemon.name} runs but does not answer; starting it again`);
    await end(running);
  }
  await start(context, holder, daemon);
  const started = Date.now();
  let up = false;
  await waitUntil(async () => {
    up = await daemon.ready(context, holder);
    // In its first moments it is still the shell that starts it, and not to be found.
    return up || (Date.now() - started > 1000 && findDaemon(daemon, holder) === undefined);
  }, patience);
  if (up) return;
  const log = daemonLog(context, daemon);
  const how =
    findDaemon(daemon, holder) === undefined ? "ended at once" : `gave no answer within ${patience} s`;
  throw new Error(
    `The lab's ${daemon.name} (${daemon.command[0] ?? ""}) ${how}; its log ${log} ends with:\n${await lastWords(log)}`,
  );
}
