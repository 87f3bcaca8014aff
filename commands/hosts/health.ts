/** A cluster's health, asked from where its machines can be reached: inside the lab, or here. */
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { LabPaths } from "../../lab/shared/context.ts";
import type { EndpointHealth } from "../health.ts";
import { type ClusterView, clusterView, endpointsOf, speaksTls, viewOf } from "../lab/clusterView.ts";
import { UserError } from "../ui/errors.ts";
import type { StackState } from "./stackState.ts";

/**
 * A way to ask, again and again: what it takes is brought along by the stack's state.
 * @param uri the libvirt host, through which machines are asked that can't be reached from here.
 */
export function healthOf(paths: LabPaths, state: StackState, uri: string): () => Promise<ClusterView> {
  const { session, outputs } = state;
  if (session !== undefined) return () => clusterView(session, outputs, state.credentials);
  const args = ["commands/health.ts", ...endpointsOf(outputs)];
  return async () => {
    const tls = speaksTls(outputs) ? await state.credentials?.() : undefined;
    const input = tls === undefined ? {} : { input: JSON.stringify(tls) };
    const env = { LIBVIRT_URI: uri };
    const options = { cwd: paths.checkout, env, reject: false, timeout: 60_000, ...input } as const;
    const result = await execa(process.execPath, args, options);
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
