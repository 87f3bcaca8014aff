/** What every part of the lab is given: where its things live, and how to say what it is doing. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Folders and files of one checkout's lab, all absolute. */
export interface LabPaths {
  /** The checkout: the folder with Pulumi.yaml. */
  readonly checkout: string;
  /** All state of this checkout's lab; `lab down` and `clean` remove what is in it. */
  readonly lab: string;
  /** Everything that the phases' programs print; errors name this file. */
  readonly log: string;
  /** Built tools and images, content-addressed, shared by all checkouts of this user. */
  readonly cache: string;
}

export interface LabContext {
  readonly paths: LabPaths;
  /** Says what a long step is doing right now, in a few words; shown behind the phase's spinner. */
  readonly report: (detail: string) => void;
}

/**
 * The lab's folders. `CLUSTER_LAB_DIR` and `CLUSTER_CACHE_DIR` in the environment move them, else the lab is
 * `.lab` in the checkout and the cache `coreos-cluster` under the user's cache folder (XDG Base Directory).
 */
export function labPaths(checkout: string, env: NodeJS.ProcessEnv = process.env): LabPaths {
  const lab = resolve(checkout, env["CLUSTER_LAB_DIR"] || ".lab");
  const caches = env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return {
    checkout,
    lab,
    log: join(lab, "log", "cluster.log"),
    cache: resolve(checkout, env["CLUSTER_CACHE_DIR"] || join(caches, "coreos-cluster")),
  };
}
