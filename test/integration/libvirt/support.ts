/** Labs for the tests, each in a folder of its own, and what a host shows of them. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { enterCommand, labStatus } from "../../../lab/libvirt/index.ts";
import { kvmFinding, type KvmFinding } from "../../../lab/libvirt/kvm.ts";
import { findHolders } from "../../../lab/libvirt/holder.ts";
import { argumentsOf, processesIn } from "../../../lab/libvirt/processes.ts";
import { labPaths, type LabContext } from "../../../lab/shared/context.ts";
import { run } from "../../../lab/shared/process.ts";

export interface TestLab extends LabContext {
  /** What was reported. */
  readonly reports: string[];
  readonly remove: () => void;
}

let finding: KvmFinding | undefined;

/** Gives the lab what the KVM probe found for the first one: where KVM hangs, the probe takes its whole time limit. */
async function shareFinding(lab: LabContext): Promise<void> {
  if (finding === undefined) {
    finding = await kvmFinding(lab);
    return;
  }
  mkdirSync(lab.paths.lab, { recursive: true });
  writeFileSync(join(lab.paths.lab, "kvm.json"), JSON.stringify(finding));
}

/** A lab in a new folder; `below` is put between that folder and the checkout. */
export async function testLab(below = ""): Promise<TestLab> {
  const folder = mkdtempSync(join(tmpdir(), "lab-test-"));
  const reports: string[] = [];
  const lab = {
    paths: labPaths(join(folder, below), {}),
    reports,
    report: (text: string) => reports.push(text),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await shareFinding(lab);
  return lab;
}

/** Why a lab is not up. */
export async function reasonOf(lab: LabContext): Promise<string> {
  const status = await labStatus(lab);
  return status.state === "up" ? "" : (status.reason ?? "");
}

/** Runs a command inside the lab and gives what it prints. */
export async function inside(lab: LabContext, ...command: string[]): Promise<string> {
  const [file = "", ...args] = [...enterCommand(lab), ...command];
  return (await run(file, args, { timeout: 30 })).stdout;
}

const tree = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))
    : [];

/**
 * The sockets of a /proc/net table that listen on a port which a daemon of the lab could use: DNS, DHCP, etcd, libvirt and
 * graphics of machines. Other ports come and go with whatever else runs on the machine.
 */
const labListeners = (table: string): string[] =>
  table.split("\n").flatMap((line) => {
    const [, local = "", , state = ""] = line.trim().split(/\s+/);
    const port = Number.parseInt(local.split(":")[1] ?? "", 16);
    const known = [53, 67, 2379, 2380, 16509, 16514].includes(port) || (port >= 5900 && port < 6000);
    return known && (state === "0A" || state === "07") ? [local] : []; // LISTEN, or an unconnected UDP socket
  });

/** All that the lab could leave on the host, in one text. */
export const hostSnapshot = (): Record<string, unknown> => ({
  mounts: readFileSync("/proc/self/mountinfo", "utf8").split("\n"),
  links: readdirSync("/sys/class/net"),
  listeners: ["tcp", "tcp6", "udp", "udp6"].flatMap((kind) =>
    labListeners(readFileSync(`/proc/net/${kind}`, "utf8")),
  ),
  namespaces: existsSync("/run/netns") ? readdirSync("/run/netns") : [],
  run: readdirSync("/run").filter((name) => !/^(mount|lock)$/.test(name)),
  cgroups: tree("/sys/fs/cgroup").filter((name) => name.includes("machine")),
  libvirt: ["/etc/libvirt", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt"].flatMap(tree),
  others: ["/var/lib/misc", "/var/lib/etcd", "/dev/hugepages/libvirt"].flatMap(tree),
  kvm: existsSync("/dev/kvm")
    ? execFileSync("stat", ["-c", "%a %u %g", "/dev/kvm"], { encoding: "utf8" })
    : "",
});

/** All processes of the lab that count in its own process ids: holder, daemons, machines. */
export function labProcesses(lab: LabContext): number[] {
  const holders = findHolders(lab.paths);
  return holders.flatMap((holder) => processesIn({ pid: holder.namespaces.pid }));
}

/** The one process of the lab whose program has this name. */
export function processOf(lab: LabContext, program: string): number {
  const pids = labProcesses(lab).filter((pid) => basename(argumentsOf(pid)[0] ?? "") === program);
  if (pids.length !== 1 || pids[0] === undefined)
    throw new Error(`${pids.length} processes of ${program} run`);
  return pids[0];
}

/** A machine of 64 MiB without a disk: its network card's boot program asks the DHCP server for an address. */
export const tinyDomain = (name: string, mac: string): string => `
<domain type='qemu'>
  <name>${name}</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type><boot dev='network'/></os>
  <devices>
    <interface type='bridge'><source bridge='br0'/><mac address='${mac}'/><model type='virtio'/></interface>
    <serial type='pty'><log file='/var/log/libvirt/qemu/${name}-console.log' append='on'/></serial>
  </devices>
</domain>`;
