/**
 * What the suites with real parts could leave behind, as pictures that are taken before and after and compared: of this machine, and of a
 * lab's host. Whatever imports this puts its temporary files into a folder of the run's own, whose name is also how the processes
 * that the run started are known: so runs side by side on one machine don't count each other's things.
 */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { tokensOf } from "../../commands/hosts/tokens.ts";
import { accessBy, accessInside } from "../../host/access.ts";
import { enterCommand } from "../../lab/libvirt/index.ts";
import { libvirtUri, registryUrl } from "../../lab/libvirt/layout.ts";
import type { LabContext } from "../../lab/shared/context.ts";
import { differences, type Picture, pictureOf } from "./picture.ts";

export type { Picture };

/** Where all temporary files of this run lie. */
export const runFolder = mkdtempSync(join(tmpdir(), "run-"));
chmodSync(runFolder, 0o711); // others get through it, as through the folder that it stands for: what lies in it has modes of its own
process.env["TMPDIR"] = runFolder;
process.once("exit", () => {
  rmSync(runFolder, { recursive: true, force: true });
});

const checkout = join(import.meta.dirname, "../..");

/** Labs that suites make in the checkout. */
const LABS = [join(checkout, ".lab-e2e"), process.env["FAULTS_LAB_DIR"] ?? join(checkout, ".lab-faults")];

/** Folders that tell the run's processes: its own one, and those of its labs. */
const MARKS = [runFolder, ...LABS];

/** What is kept there on purpose: programs and sockets of shared ssh connections (host/sharedSsh.ts), and Node's compiled code. */
const KEPT_TEMPORARY = /^(?:coreos-cluster-ssh-\d+|node-compile-cache)$/;

const read = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // the process ended meanwhile
  }
};

/** Processes that have one of the marks, which are paths, in their command line, environment or mounts. */
function startedWith(marks: readonly string[]): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => ["cmdline", "environ", "mountinfo"].map((what) => read(`/proc/${pid}/${what}`)))
    .filter((texts) => marks.some((mark) => texts.some((text) => text.includes(mark))))
    .map(([command = ""]) => command.replaceAll("\0", " ").trim())
    .filter((command) => command !== "") // it has ended, and nobody has asked how
    .sort();
}

/** What git doesn't know of the checkout, but for the developer's own lab; nothing where this is no clone. */
async function untracked(): Promise<string[]> {
  const { stdout, failed } = await execa("git", ["status", "--porcelain", "--ignored"], {
    ...{ cwd: checkout, reject: false },
  });
  return failed ? [] : stdout.split("\n").filter((line) => /^(?:\?\?|!!) /.test(line) && line !== "!! .lab/");
}

/**
 * This machine. Its own libvirt, if it has one, is not asked: no suite uses it.
 * @param marks paths that tell the run's processes.
 */
export async function pictureOfMachine(marks: readonly string[] = MARKS): Promise<Picture> {
  const folders = ["/run/libvirt", "/var/cache/libvirt", "/var/lib/misc"];
  return {
    ...(await pictureOf(accessBy(libvirtUri), { libvirt: false, folders })),
    processes: startedWith(marks),
    checkout: await untracked(),
    temporary: readdirSync(runFolder)
      .filter((name) => !KEPT_TEMPORARY.test(name))
      .map((name) => join(runFolder, name))
      .sort(),
  };
}

/** A lab's host, seen from inside, with its domains, pools, volumes, networks and discovery tokens. */
export async function pictureOfLab(context: LabContext): Promise<Picture> {
  const access = accessInside("the lab", libvirtUri, enterCommand(context));
  return await pictureOf(access, { libvirt: true, tokens: await tokensOf(registryUrl, access) });
}

/** Seconds that processes have to end which end by themselves: a shared ssh connection is kept for 20. */
const PATIENCE = 30;

/**
 * Fails with what differs, unless this machine is as it was, or is so soon. What a run left that was killed before may end meanwhile.
 * @param patience seconds.
 * @param kept lines of what may be left.
 */
export async function machineIsAsItWas(
  before: Picture,
  patience = PATIENCE,
  kept: readonly string[] = [],
): Promise<void> {
  const until = Date.now() + patience * 1000;
  for (;;) {
    const differing = differences(before, await pictureOfMachine()).filter(
      (line) => !/^gone: (?:processes|checkout|temporary) /.test(line) && !kept.includes(line),
    );
    if (differing.length === 0) return;
    if (Date.now() >= until)
      assert.fail(`This machine is not as it was before the suite:\n  ${differing.join("\n  ")}`);
    await sleep(1000);
  }
}

/** `describe` for a suite with real parts: fails in the end unless this machine is as it was before. */
export function describeLeavingNothing(title: string, body: (this: Mocha.Suite) => void): void {
  describe(title, function () {
    let asItWas: Picture | undefined;
    before("looks at the machine", async () => {
      asItWas = await pictureOfMachine();
    });
    body.call(this);
    // Behind what the suite itself does in the end: hooks run in the order in which they were made.
    after("leaves nothing on the machine", async function () {
      this.timeout(2 * PATIENCE * 1000);
      if (asItWas !== undefined) await machineIsAsItWas(asItWas);
    });
  });
}

/** What clusters have on their host, by the parts of its picture; the rest is the lab's own. */
const OF_CLUSTERS: Readonly<Record<string, RegExp>> = {
  ...{ domains: /./, pools: /./, volumes: /./, tokens: /./, processes: /./ },
  links: /^(?:vnet|tap|macvtap)/,
  files:
    /^\/var\/lib\/libvirt\/(?:coreos-cluster|images|qemu\/(?:save|snapshot|dump|nvram))\/.|^\/etc\/libvirt\/(?:qemu|storage)\/[^/]+\.xml$/,
  queues: /^qdisc (?:netem|tbf)/,
};

/** What of clusters is on a lab's host, a line for each thing. Pure. */
export const clusterThings = (lab: Picture): string[] =>
  Object.entries(OF_CLUSTERS).flatMap(([part, pattern]) =>
    (lab[part] ?? []).filter((thing) => pattern.test(thing)).map((thing) => `${part} ${thing}`),
  );
