/**
 * "The other machine": a private libvirt with a real sshd in its namespaces, and a network namespace for Pulumi that a
 * cable joins to it; or several such machines, each with a cable to the one namespace. Nothing is reachable from outside
 * them, and nothing is left when the test ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { enterCommand } from "../../lab/libvirt/index.ts";
import { requireHolder } from "../../lab/libvirt/holder.ts";
import type { LabContext } from "../../lab/shared/context.ts";
import { run } from "../../lab/shared/process.ts";

/** The cable of the nth machine, from 0 on (RFC 2544's range for tests, which no lab uses). */
const cableOf = (nth: number) => ({
  far: `198.18.77.${4 * nth + 1}`,
  near: `198.18.77.${4 * nth + 2}`,
  length: 30,
  name: `cable${nth}`,
});

/** The network of the lab's guests, behind the other machine. */
const GUESTS = "10.77.0.0/24";

export interface OtherMachine {
  /** The other machine's address on the cable. */
  readonly address: string;
  /** Its libvirt, as Pulumi's side names it. */
  readonly uri: string;
  readonly keyFile: string;
  readonly knownHosts: string;
  /** The words before a command that run it where Pulumi runs. */
  readonly here: readonly string[];
  /** Whether Pulumi's side has a route to the guests' network; it has none at first. */
  route(there: boolean): Promise<void>;
  /** Ends sshd and all its logins at once; `start` makes it answer again. */
  stopSshd(): Promise<void>;
  startSshd(): Promise<void>;
  /** Gives the other machine another host key, as a reinstalled one has. */
  newHostKey(): Promise<void>;
  /** Whether sshd lets Pulumi's key in; those who are in stay. */
  authorize(yes: boolean): void;
  /** Puts the key that it has now into known_hosts. */
  trustHostKey(): void;
  /** The user that sshd has let in, and with which key, line by line: what it wrote to its log. */
  log(): string;
  remove(): Promise<void>;
}

/**
 * SHLVL: bash reads ~/.bashrc for commands that come by ssh, but not in a shell within a shell. What somebody has in there is no part of a test, and a
 * server that is killed in the middle of it would leave its locks.
 */
const sshdConfig = (folder: string, address: string): string => `ListenAddress ${address}
HostKey ${folder}/host_key
AuthorizedKeysFile ${folder}/authorized_keys
PidFile ${folder}/sshd.pid
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PrintMotd no
LogLevel VERBOSE
SetEnv SHLVL=1
`;

const keygen = (file: string, comment: string): Promise<unknown> =>
  run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file]);

/** The namespace where Pulumi runs, held by a process that does nothing. */
async function namespaceForPulumi(): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn(
    "unshare",
    ["--net", "--", "sh", "-c", "ip link set lo up; echo up; exec sleep infinity"],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  await once(child.stdout, "data");
  if (child.pid === undefined) throw new Error("the namespace for Pulumi could not be made");
  return child as ChildProcess & { readonly pid: number };
}

/** Processes of sshd that were started with this configuration, logins included. */
async function endSshd(inside: (...command: string[]) => Promise<string>, pidFile: string): Promise<void> {
  const script = `
main=$(cat "$0" 2>/dev/null) || exit 0
kids() { for kid in $(cat /proc/"$1"/task/*/children 2>/dev/null); do echo "$kid"; kids "$kid"; done; }
all="$(kids "$main") $main"
kill -KILL $all 2>/dev/null
rm -f "$0"`;
  await inside("sh", "-c", script, pidFile);
}

/**
 * Joins a lab that is up with a namespace for Pulumi, and starts sshd in it.
 * @param folder for keys and logs: the test's own, which it removes. Each machine has one of its own.
 * @param beside machines that are there: Pulumi's namespace is theirs then, and goes with the first of them.
 */
export async function makeOtherMachine(
  context: LabContext,
  folder: string,
  beside: readonly OtherMachine[] = [],
): Promise<OtherMachine> {
  const cable = cableOf(beside.length);
  const inside = async (...command: string[]): Promise<string> => {
    const [file = "", ...args] = [...enterCommand(context), ...command];
    return (await run(file, args, { timeout: 30, log: context.paths.log })).stdout;
  };
  const own = join(folder, "other machine"); // a blank: paths in URIs and ssh's options have to bear it
  mkdirSync(own, { recursive: true });
  const [server, client] = [join(folder, "sshd"), join(own, "key")];
  mkdirSync(server, { recursive: true });
  await Promise.all([keygen(join(server, "host_key"), "host"), keygen(client, "client")]);
  const authorize = (yes: boolean): void => {
    writeFileSync(join(server, "authorized_keys"), yes ? readFileSync(`${client}.pub`) : "");
  };
  authorize(true);
  writeFileSync(join(server, "sshd_config"), sshdConfig(server, cable.far));
  const knownHosts = join(own, "known_hosts");
  const trust = (): void => {
    writeFileSync(knownHosts, `${cable.far} ${readFileSync(join(server, "host_key.pub"), "utf8")}`);
  };
  trust();

  const [first] = beside;
  const pulumi = first === undefined ? await namespaceForPulumi() : undefined;
  const here = first?.here ?? ["nsenter", `--target=${pulumi?.pid}`, "--net", "--"];
  const there = String(requireHolder(context.paths).pid);
  const inPulumis = (...words: string[]): Promise<unknown> => {
    const [file = "", ...args] = [...here, ...words];
    return run(file, args);
  };
  const { name } = cable;
  await inPulumis("ip", "link", "add", name, "type", "veth", "peer", "name", "cable", "netns", there);
  await inPulumis("ip", "address", "add", `${cable.near}/${cable.length}`, "dev", name);
  await inPulumis("ip", "link", "set", name, "up");
  await inside("ip", "address", "add", `${cable.far}/${cable.length}`, "dev", "cable");
  await inside("ip", "link", "set", "cable", "up");
  // Its name is not known where Pulumi runs; the guests' network is, if at all, by `route`.
  await inside("mkdir", "-p", "/run/sshd");
  chmodSync(join(server, "host_key"), 0o600);

  const log = join(server, "log");
  const startSshd = async (): Promise<void> => {
    await inside("/usr/sbin/sshd", "-f", join(server, "sshd_config"), "-E", log);
    for (let left = 50; left > 0; left--) {
      const up = await inPulumis("sh", "-c", `exec 3<>/dev/tcp/${cable.far}/22`).catch(() => undefined);
      if (up !== undefined) return;
      const asked = await inPulumis("ssh-keyscan", "-T", "1", cable.far).catch(() => undefined);
      if (asked !== undefined) return;
      await sleep(100);
    }
    throw new Error(`sshd does not answer:\n${readFileSync(log, "utf8")}`);
  };
  await startSshd();
  const parameters = { keyfile: client, knownhosts: knownHosts };
  const query = Object.entries(parameters).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  return {
    address: cable.far,
    uri: `qemu+ssh://root@${cable.far}/system?${query.join("&")}`,
    ...{ keyFile: client, knownHosts, here },
    route: async (wanted) => {
      await inPulumis("ip", "route", wanted ? "replace" : "del", GUESTS, "via", cable.far);
    },
    stopSshd: () => endSshd(inside, join(server, "sshd.pid")),
    startSshd,
    newHostKey: async () => {
      await inside("rm", "-f", join(server, "host_key"), join(server, "host_key.pub"));
      await keygen(join(server, "host_key"), "another");
    },
    authorize,
    trustHostKey: trust,
    log: () => readFileSync(log, "utf8"),
    remove: async () => {
      await endSshd(inside, join(server, "sshd.pid"));
      if (pulumi === undefined) return;
      pulumi.kill();
      await once(pulumi, "close");
    },
  };
}
