/** A stack that `replace` and `roll` change: its Pulumi, its config, its health; in the lab and on hosts of the user's own. */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseRejoin, rejoinText } from "../../plan/rejoin.ts";
import type { RejoinPlan } from "../../plan/types.ts";
import type { LabPaths } from "../../lab/shared/context.ts";
import { ProcessError, run, type RunResult } from "../../lab/shared/process.ts";
import { field, parsed } from "../http.ts";
import { healthOf } from "../hosts/health.ts";
import type { Reached } from "../hosts/reach.ts";
import { domainStates, hostsOf } from "../hosts/spread.ts";
import { readStack, type StackState } from "../hosts/stackState.ts";
import type { ClusterView } from "../lab/clusterView.ts";
import { requireDisks } from "../lab/diskless.ts";
import { mendAfterKill, up as upInLab } from "../lab/pulumi.ts";
import { changes, diagnostics } from "../lab/pulumiOutput.ts";
import { runInLab } from "../lab/session.ts";
import { nodesOf } from "../restore/ofStack.ts";
import { lookedAt } from "../membership/restores.ts";
import { type Look, looksAt } from "../restore/unfinished.ts";
import { UserError } from "../ui/errors.ts";
import { entriesOf, type Incarnation, incarnationOf } from "./entries.ts";
import { errorsIn, type Step, stepsIn } from "./steps.ts";

const QUIET = ["--non-interactive", "--color", "never"] as const;
const NAMESPACE = "coreos-cluster";

export interface Stack {
  readonly state: StackState;
  readonly cluster: Incarnation;
  /** All of them, by name. */
  readonly names: readonly string[];
  readonly members: readonly string[];
  /** What the config says, as far as it is about the cluster that is there. */
  readonly entries: RejoinPlan;
  /** Writes it down. */
  write(entries: RejoinPlan): Promise<void>;
  /** What an update would do. @param entries in place of those in the config, which stays as it is. */
  preview(entries?: RejoinPlan): Promise<readonly Step[]>;
  /** `pulumi up`. @returns Pulumi's own count of what was changed. */
  up(report: (line: string) => void): Promise<string>;
  /** The machines' states on their hosts, as libvirt has them now, by name. */
  readonly domains: () => Promise<ReadonlyMap<string, string>>;
  /** What an earlier restore has left on the members that can be logged in to. */
  readonly restores: () => Promise<readonly Look[]>;
  readonly health: () => Promise<ClusterView>;
  /** Health as the state has the machines now. */
  readonly healthNow: () => Promise<ClusterView>;
}

type Pulumi = (
  args: readonly string[],
  more?: {
    readonly config?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly onLine?: (line: string) => void;
  },
) => Promise<RunResult>;

/** @throws UserError where there is no such stack, or no cluster in it that could be changed */
export async function openStack(
  paths: LabPaths,
  reached: Reached,
  options: { readonly stack?: string; readonly connect?: string },
): Promise<Stack> {
  const state = await readStack(paths, reached, options.stack);
  const nodes = state.outputs.nodes ?? [];
  if (nodes.length === 0)
    throw new UserError(
      "the stack has no machines yet; bring its cluster up with `pulumi up` (in the lab: npm start)",
    );
  const cluster = incarnationOf(field(state.outputs, "incarnation"));
  if (cluster === undefined)
    throw new UserError(
      "the stack's outputs don't say which cluster it is (incarnation): run `pulumi up` (in the lab: npm start) once with the config that it was " +
        "made with, then this again",
    );
  if (state.session !== undefined) await mendAfterKill(state.session);
  const pulumi = pulumiOf(paths, state, options.stack);
  const config = await configFile(paths, state, pulumi);
  const health = healthOf(paths, state, reached.access.uri);
  const valueOf = await valuesOf(pulumi);
  const named = valueOf("ignition");
  if (named !== undefined)
    throw new UserError(
      `ignition is ${named}: such a file stands in place of all profiles and can't be told what a member must know to join. Its machines can only ` +
        "be rebuilt together: save the data with snapshot save, change the config, `pulumi up`, restore",
    );
  return {
    ...{ state, cluster, health },
    domains: () => domainStates(hostsOf(reached, state, options.connect), state),
    restores: () => looksAt(nodesOf(paths, reached, state)),
    names: nodes.map(({ name }) => name),
    members: nodes.filter(({ role }) => role !== "client").map(({ name }) => name),
    entries: entriesOf(cluster, parseRejoin(valueOf("rejoin") ?? "")),
    write: async (entries) => {
      const { session } = state;
      if (session !== undefined) await requireDisks(session, () => Promise.resolve(state.outputs)); // before anything is changed
      await pulumi(["config", "set", `${NAMESPACE}:rejoin`, rejoinText(entries)]);
    },
    preview: async (entries) => {
      if (entries === undefined) return await preview(pulumi);
      const folder = await mkdtemp(join(tmpdir(), "preview-")); // nobody else can read it
      try {
        const copy = join(folder, "config.yaml");
        await copyFile(config, copy);
        await pulumi(["config", "set", `${NAMESPACE}:rejoin`, rejoinText(entries)], { config: copy });
        return await preview(pulumi, copy);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    up: async (report) => {
      const { session } = state;
      if (session !== undefined)
        return await upInLab({ ...session, env: { ...session.env, ...lookedAt } }, report);
      const { stdout } = await pulumi(["up", "--yes", "--skip-preview"], { env: lookedAt, onLine: report });
      return changes(stdout);
    },
    healthNow: async () =>
      await healthOf(paths, await readStack(paths, reached, options.stack), reached.access.uri)(),
  };
}

/** Pulumi as the lab, or the user, has it. */
function pulumiOf(paths: LabPaths, { session }: StackState, stack: string | undefined): Pulumi {
  return async (args, { config, env = {}, onLine } = {}) => {
    const own = { ...env, ...(config === undefined ? {} : { PULUMI_OPTION_CONFIG_FILE: config }) };
    const lines = onLine === undefined ? {} : { onLine };
    try {
      if (session !== undefined) {
        const words = [...args, "--stack", session.stack, ...QUIET];
        return await runInLab({ ...session, env: { ...session.env, ...own } }, ["pulumi", ...words], {
          ...lines,
          secret: args.includes("--json"),
        });
      }
      const which = stack === undefined ? [] : ["--stack", stack];
      return await run("pulumi", [...args, ...which, ...QUIET], { cwd: paths.checkout, env: own, ...lines });
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      const words = errorsIn(error.output) ?? diagnostics(error.output);
      throw new UserError(`pulumi ${args[0] ?? ""} failed:\n${words}`, { cause: error });
    }
  };
}

/** The plain values of the stack's config, by their keys. */
async function valuesOf(pulumi: Pulumi): Promise<(key: string) => string | undefined> {
  const values = parsed((await pulumi(["config", "--json"])).stdout);
  return (key) => {
    const value = field(field(values, `${NAMESPACE}:${key}`), "value");
    return typeof value === "string" && value !== "" ? value : undefined;
  };
}

/** The file that the stack's config is in. */
async function configFile(paths: LabPaths, { session }: StackState, pulumi: Pulumi): Promise<string> {
  const given =
    session === undefined
      ? process.env["PULUMI_OPTION_CONFIG_FILE"]
      : session.env["PULUMI_OPTION_CONFIG_FILE"];
  if (given !== undefined && given !== "") return given;
  const { stdout } = await pulumi(["stack", "--show-name"]);
  return join(paths.checkout, `Pulumi.${stdout.trim().split("/").at(-1) ?? ""}.yaml`);
}

async function preview(pulumi: Pulumi, config?: string): Promise<readonly Step[]> {
  const { stdout } = await pulumi(["preview", "--json"], config === undefined ? {} : { config });
  return stepsIn(stdout);
}
