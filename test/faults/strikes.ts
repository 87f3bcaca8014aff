/** How a lab and the machines on it are struck, and how that is taken back. */
import assert from "node:assert/strict";
import { findDaemon } from "../../lab/libvirt/daemonControl.ts";
import { daemons, type DaemonName } from "../../lab/libvirt/daemons.ts";
import { requireHolder } from "../../lab/libvirt/holder.ts";
import { argumentsOf, isAlive, processesIn, waitUntil } from "../../lab/libvirt/processes.ts";
import type { LabContext } from "../../lab/shared/context.ts";
import { context, inside } from "./guests.ts";

/** Takes a strike back. */
export type TakeBack = () => Promise<void>;

/** virsh where the machines are. */
export type Virsh = (...args: string[]) => Promise<string>;

const virsh: Virsh = (...args) => inside("virsh", "--quiet", ...args);

/** The pid of a daemon of a lab; undefined when it doesn't run. */
export function daemonPid({ paths }: LabContext, name: DaemonName): number | undefined {
  const daemon = daemons().find((one) => one.name === name);
  return daemon === undefined ? undefined : findDaemon(daemon, requireHolder(paths));
}

/** Ends a daemon of a lab; without warning, unless another signal is given. */
export async function killDaemon(
  lab: LabContext,
  name: DaemonName,
  signal: "SIGKILL" | "SIGTERM" = "SIGKILL",
): Promise<void> {
  const pid = daemonPid(lab, name);
  if (pid === undefined) throw new Error(`${name} does not run`);
  process.kill(pid, signal);
  await waitUntil(() => !isAlive(pid), 30);
  if (isAlive(pid)) throw new Error(`${name} does not end by ${signal}`);
}

/** The process of a machine, as this machine counts. */
function qemuOf(name: string): number {
  const { namespaces } = requireHolder(context.paths);
  const found = processesIn({ pid: namespaces.pid }).filter((pid) =>
    argumentsOf(pid).some((word) => word.startsWith(`guest=${name},`)),
  );
  assert.equal(found.length, 1, `processes of ${name}`);
  return found[0] ?? 0;
}

/** A machine's power is cut: its QEMU is gone at once. */
export async function cutPower(...names: readonly string[]): Promise<void> {
  const pids = names.map(qemuOf);
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await waitUntil(() => !pids.some(isAlive), 30);
}

export async function suspend(name: string): Promise<TakeBack> {
  await virsh("suspend", name);
  return async () => {
    await virsh("resume", name);
  };
}

export async function destroyAndUndefine(name: string, on: Virsh = virsh): Promise<void> {
  await on("destroy", name);
  await on("undefine", name);
}

/** Deletes the one volume of a pool whose name matches. */
export async function deleteVolume(pool: string, name: RegExp, on: Virsh = virsh): Promise<void> {
  const names = (await on("vol-list", pool)).split("\n").map((line) => line.trim().split(/\s+/)[0] ?? "");
  const [found = "", ...more] = names.filter((each) => name.test(each));
  assert.ok(found !== "" && more.length === 0, `${String(name)}: ${names.join(" ")}`);
  await on("vol-delete", found, "--pool", pool);
}

/** The device on the host's side of a machine's network card. */
async function tapOf(name: string): Promise<string> {
  const [tap = ""] = (await virsh("domiflist", name)).trim().split(/\s+/);
  return tap;
}

export async function cutOff(name: string): Promise<TakeBack> {
  const tap = await tapOf(name);
  await inside("ip", "link", "set", tap, "down");
  return async () => {
    await inside("ip", "link", "set", tap, "up");
  };
}

/** Not all kernels have netem; a narrow line with a long queue is slow, too, and loses packets. */
const [NETEM, NARROW] = ["netem delay 300ms 100ms loss 5%", "tbf rate 48kbit burst 3000 latency 800ms"];

export async function slowDown(name: string): Promise<TakeBack> {
  const tap = await tapOf(name);
  const slow = (words: string) => inside("tc", "qdisc", "add", "dev", tap, "root", ...words.split(" "));
  await slow(NETEM).catch(() => slow(NARROW));
  return async () => {
    await inside("tc", "qdisc", "del", "dev", tap, "root");
  };
}

export async function reset(name: string): Promise<void> {
  await virsh("reset", name);
}
