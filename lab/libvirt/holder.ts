/** The process that holds the lab's namespaces: made, found again without any record of it, ended. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { LabContext, LabPaths } from "../shared/context.ts";
import { ProcessError, run } from "../shared/process.ts";
import { layout, network } from "./layout.ts";
import { argumentsOf, idsInNamespaces, namespaceOf, processIds } from "./processes.ts";
import { userOf, waitUntil } from "./processes.ts";

/** The argument that marks a holder; the one after it is the lab's folder (see namespace.sh). */
const mark = "coreos-cluster-lab";

export interface Holder {
  /** As the host counts; inside the lab it is process 1. */
  readonly pid: number;
  readonly namespaces: { readonly mnt: string; readonly net: string; readonly pid: string };
}

const sameFolder = (a: string, b: string): boolean => {
  try {
    const [one, other] = [statSync(a), statSync(b)];
    return one.dev === other.dev && one.ino === other.ino;
  } catch {
    return false;
  }
};

/** Whether what the holder's mount namespace shows at /var/lib/libvirt is this lab's folder. */
const holdsFolder = (pid: number, paths: LabPaths): boolean =>
  sameFolder(`/proc/${pid}/root/var/lib/libvirt`, layout(paths).lib);

/**
 * The holders of this checkout's lab, found among all processes by their arguments: so there is no pid file that could be
 * stale or missing, and a lab is found whatever happened to the run that made it. A holder has to be root's and process 1
 * of a namespace of its own. A lab whose checkout was moved is known by its folder.
 * @returns none when no lab runs; more than one only when runs were killed at unlucky moments.
 */
export function findHolders(paths: LabPaths): Holder[] {
  return processIds().flatMap((pid) => {
    const args = argumentsOf(pid);
    const at = args.indexOf(mark);
    if (at !== 3 || userOf(pid) !== 0) return [];
    const ids = idsInNamespaces(pid);
    if (ids.length < 2 || ids.at(-1) !== 1) return [];
    if (args[at + 1] !== paths.lab && !holdsFolder(pid, paths)) return [];
    const [mnt, net, own] = (["mnt", "net", "pid"] as const).map((kind) => namespaceOf(pid, kind));
    if (mnt === undefined || net === undefined || own === undefined) return []; // it just ended
    return [{ pid, namespaces: { mnt, net, pid: own } }];
  });
}

/** The lab isn't running. `message` says what to type. */
export class LabDownError extends Error {
  override name = "LabDownError";
}

/** @throws Error when this process is not root, who alone can see the lab. */
export function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new Error(
    "The lab needs root, for namespaces, a bridge and libvirt: run the same command with sudo.",
  );
}

/** @throws LabDownError when the lab doesn't run. */
export function requireHolder(paths: LabPaths): Holder {
  requireRoot();
  const [holder] = findHolders(paths);
  if (holder === undefined) {
    throw new LabDownError("The lab is not running. Start it with: npm run cluster -- lab up");
  }
  return holder;
}

/** Why a holder that runs is of no use; undefined when it is sound. */
export function holderFault(holder: Holder, paths: LabPaths): string | undefined {
  if (!holdsFolder(holder.pid, paths)) return `the lab's folder ${layout(paths).root} was replaced under it`;
  if (!existsSync(`/proc/${holder.pid}/root/sys/class/net/${network.bridge}`)) {
    return `the bridge ${network.bridge} is gone`;
  }
  if (!existsSync(`/proc/${holder.pid}/root/run/libvirt`)) return "its /run/libvirt is gone";
  return undefined;
}

/** Makes the namespaces and what is mounted in them. All folders of the layout have to exist. */
export async function startHolder(context: LabContext, kvmGroup: string | undefined): Promise<Holder> {
  const { paths } = context;
  const script = join(import.meta.dirname, "namespace.sh");
  const address = `${network.address}/${network.prefixLength}`;
  const settings = [paths.lab, network.bridge, network.bridgeMac, address, network.domain, kvmGroup ?? "-"];
  // `--pdeathsig`: were this process killed right now, a next run must not meet a set-up that goes on behind its back.
  try {
    await run(
      "setpriv",
      [
        ...["--pdeathsig", "KILL", "--", "unshare", "--mount", "--net", "--propagation", "slave", "--"],
        ...["env", "-i", `PATH=${systemPath}`, "sh", script, ...settings],
      ],
      { log: paths.log, cwd: "/", timeout: 30 },
    );
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    throw new Error(
      `The lab's network and mounts could not be made: ${error.output.trim() || error.message}\n` +
        "Inside a container this needs a privileged one, and a kernel with bridges.",
      { cause: error },
    );
  }
  let found: Holder | undefined;
  if ((await waitUntil(() => ([found] = findHolders(paths))[0] !== undefined, 5)) && found !== undefined)
    return found;
  throw new Error(`The lab's namespaces vanished as soon as they were made; see ${paths.log}`);
}

/** Where the system's own programs lie, whatever PATH the caller has. */
export const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The words before a command that run it inside the lab's mount and network namespaces. */
export const enterArguments = (holder: Holder, cwd: string): string[] => [
  "nsenter",
  `--target=${holder.pid}`,
  "--mount",
  "--net",
  "--",
  // `nsenter --wd` would leave the command in the host's mount of that folder, where its own path can't be found.
  "env",
  `--chdir=${cwd}`,
  "--",
];
