/** A cluster's health, asked from where its machines can be reached: inside the lab, or here. */
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { LabPaths } from "../../lab/shared/context.ts";
import type { EndpointHealth } from "../health.ts";
import { type ClusterView, clusterView, viewOf } from "../lab/clusterView.ts";
import { openLab } from "../lab/opened.ts";
import { UserError } from "../ui/errors.ts";
import type { Reached } from "./reach.ts";
import type { Outputs } from "./stackState.ts";

/** Asks once, or again and again: what it takes to ask is brought along only once. */
export async function healthOf(
  paths: LabPaths,
  { lab }: Reached,
  outputs: Outputs,
): Promise<() => Promise<ClusterView>> {
  if (lab !== undefined) {
    const session = await openLab(paths, "dev");
    return () => clusterView(session, outputs);
  }
  const clients = (outputs.nodes ?? []).flatMap(({ role, addresses: [address] }) =>
    role === "client" && address !== undefined ? [`ssh://${address}:22`] : [],
  );
  const args = ["commands/health.ts", ...(outputs.etcdEndpoints ?? []), ...clients];
  return async () => {
    const result = await execa(process.execPath, args, {
      cwd: paths.checkout,
      reject: false,
      timeout: 60_000,
    });
    if (result.failed) throw new UserError(`the cluster's health can't be asked: ${result.shortMessage}`);
    return viewOf(outputs, JSON.parse(result.stdout) as readonly EndpointHealth[]);
  };
}

/**
 * Waits until all are healthy.
 * @param limit milliseconds
 * @param onWait told what the others say
 * @returns the last view, healthy or not
 */
export async function untilHealthy(
  ask: () => Promise<ClusterView>,
  limit: number,
  onWait: (trouble: string) => void,
): Promise<ClusterView> {
  const end = Date.now() + limit;
  for (;;) {
    const view = await ask();
    if (view.healthy || Date.now() >= end) return view;
    onWait(troubleIn(view));
    await sleep(Math.min(2000, Math.max(0, end - Date.now())));
  }
}

/** "dev-core01: connection refused; dev-core02: ..." of those that are not healthy. */
export const troubleIn = ({ nodes }: ClusterView): string =>
  nodes
    .filter(({ health }) => health !== "healthy")
    .map(({ name, health }) => `${name}: ${health}`)
    .join("; ");
