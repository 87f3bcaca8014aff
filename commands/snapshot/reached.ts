/** The members of a cluster as snapshots see them: asked from where they can be reached, inside the lab or here. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { execa } from "execa";
import type { LabPaths } from "../../lab/shared/context.ts";
import type { StackState } from "../hosts/stackState.ts";
import { memberEndpoints, speaksTls } from "../lab/clusterView.ts";
import { UserError } from "../ui/errors.ts";
import type { MemberState } from "./members.ts";

/** A stack whose members are asked. */
export interface Cluster extends StackState {
  /** The libvirt host through which members are asked that can't be reached from here; not needed in the lab. */
  readonly hostUri?: string;
}

/** What an endpoint said, or why it said nothing. */
export type Said<T> = { readonly endpoint: string } & (
  (T & { readonly problem?: never }) | { readonly problem: string }
);

/** The program's command line and settings, where members can be reached. */
function started(paths: LabPaths, { session, hostUri = "" }: Cluster, args: readonly string[]) {
  const words = [...(session?.enter ?? []), session === undefined ? process.execPath : "node"];
  const [file = "", ...rest] = [...words, "commands/snapshot.ts", ...args];
  const options = { cwd: paths.checkout, env: session?.env ?? { LIBVIRT_URI: hostUri } };
  return { file, rest, options };
}

async function asked<T>(
  paths: LabPaths,
  state: Cluster,
  args: readonly string[],
  endpoints: readonly string[],
): Promise<Said<T>[]> {
  const { file, rest, options } = started(paths, state, [...args, ...endpoints]);
  const result = await execa(file, rest, {
    ...{ ...options, reject: false, timeout: 300_000, input: await inputOf(state) },
  });
  if (result.failed)
    throw new UserError(`the cluster's members can't be asked: ${result.stderr || result.shortMessage}`);
  const answers = JSON.parse(result.stdout) as readonly (T | { problem: string })[];
  return answers.map((answer, index) => ({ endpoint: endpoints[index] ?? "", ...answer }));
}

/** What the program reads from its standard input: what members with TLS want to see, else nothing. */
const inputOf = async ({ outputs, credentials }: Cluster): Promise<string> =>
  speaksTls(outputs) && credentials !== undefined ? JSON.stringify(await credentials()) : "";

const endpointsOf = ({ outputs }: Cluster): readonly string[] => memberEndpoints(outputs);

/** How far each member is. */
export const memberStates = (paths: LabPaths, state: Cluster): Promise<Said<MemberState>[]> =>
  asked(paths, state, ["state"], endpointsOf(state));

/** What keys each member has at a revision. */
export const keysAt = (
  paths: LabPaths,
  state: Cluster,
  revision: number,
): Promise<Said<{ keys: number; digest: string }>[]> =>
  asked(paths, state, ["keys", String(revision)], endpointsOf(state));

/** A program that writes a member's snapshot to its standard output, and complains on standard error. */
export async function taking(
  paths: LabPaths,
  state: Cluster,
  endpoint: string,
): Promise<ChildProcessByStdio<Writable, Readable, Readable>> {
  const { file, rest, options } = started(paths, state, ["take", endpoint]);
  const env = { ...process.env, ...options.env };
  const input = await inputOf(state);
  const child = spawn(file, rest, { cwd: options.cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => undefined); // it has ended already, and says why
  child.stdin.end(input);
  return child;
}
