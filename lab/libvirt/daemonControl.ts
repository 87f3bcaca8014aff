/** Finding, starting and restarting the lab's daemons. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LabContext } from "../shared/context.ts";
import { run } from "../shared/process.ts";
import type { Daemon } from "./daemons.ts";
import { systemPath, type Holder } from "./holder.ts";
import { layout } from "./layout.ts";
import { argumentsOf, isAlive, processesIn, signal, waitUntil } from "./processes.ts";
import { lookUpUser } from "./users.ts";

/** Seconds within which a daemon has to answer; starting takes well below one on a quiet machine. */
const patience = 30;

/** Seconds within which a daemon that runs has to answer, at the second try at least, before it is started anew. */
const calm = 5;

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
    if (await waitUntil(() => daemon.ready(context, holder), calm)) return;
    context.report(`${daemon.name} runs but does not answer; starting it again`);
    await end(running);
  }
  await start(context, holder, daemon);
  const started = Date.now();
  const outcome = { ready: false };
  await waitUntil(async () => {
    outcome.ready = await daemon.ready(context, holder);
    // In its first moments it is still the shell that starts it, and not to be found.
    return outcome.ready || (Date.now() - started > 1000 && findDaemon(daemon, holder) === undefined);
  }, patience);
  if (outcome.ready) return;
  const log = daemonLog(context, daemon);
  const how =
    findDaemon(daemon, holder) === undefined ? "ended at once" : `gave no answer within ${patience} s`;
  throw new Error(
    `The lab's ${daemon.name} (${daemon.command[0] ?? ""}) ${how}; its log ${log} ends with:\n${await lastWords(log)}`,
  );
}
