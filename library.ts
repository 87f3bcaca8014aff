/**
 * Clusters for other Pulumi programs: import this file by its path (Node strips no types under node_modules, so it can't be
 * a package there). docs/library.md shows how.
 *
 *     const plan = await clusterPlan({ prefix: "red", image: "./flatcar.img", sshAuthorizedKeys: [key] });
 *     const red = new CoreOSCluster("red", { plan });
 */
import * as pulumi from "@pulumi/pulumi";
import { isUrl } from "./images/problem.ts";
import { paced } from "./images/progress.ts";
import { resolveImage } from "./images/resolve.ts";
import { DEFAULTS } from "./plan/defaults.ts";
import {
  ConfigError,
  filesNamed,
  findProblems,
  imageRequestOf,
  makePlan,
  type Problem,
  type RawSettings,
} from "./plan/index.ts";
import type { ClusterPlan } from "./plan/types.ts";
import type { ClusterSettings } from "./library/settings.ts";
import { readSource } from "./settings.ts";

export {
  CoreOSCluster,
  type CoreOSClusterArgs,
  type IgnitionRenderer,
  type NodeOutput,
} from "./components/coreosCluster.ts";
export { RenderError } from "./ignition/errors.ts";
export * as outputs from "./outputs/index.ts";
export { ConfigError, type Problem } from "./plan/errors.ts";
export type * from "./plan/types.ts";
export type { ClusterSettings, NodeSettings } from "./library/settings.ts";

/** Arguments that make no cluster: a ConfigError whose message speaks of arguments instead of commands. */
export class ArgumentError extends ConfigError {
  override name = "ArgumentError";
  /** What Pulumi knows a RunError by: where nobody catches it, its message is shown without a stack trace. */
  readonly __pulumiRunError = true;

  constructor(stack: string, problems: readonly Problem[]) {
    super({ stack, values: {}, secretKeys: [] }, problems);
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const list = problems.map(
      ({ key, value, expected }) =>
        `  ${key} ${value === undefined ? "is missing" : `is ${value}`}\n    right would be: ${expected}`,
    );
    this.message = `${count} in the settings of clusterPlan:\n\n${list.join("\n\n")}\n`;
  }
}

export interface PlanOptions {
  /** Settings whose values are secret: no message repeats them, and what is made of them is secret in the state. */
  readonly secrets?: readonly (keyof ClusterSettings)[];
}

/** Settings that are undefined are settings that are not there. */
const given = (settings: ClusterSettings): Record<string, unknown> =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));

/** The image that the settings name. One at a URL is left alone while anything else is wrong. */
async function imageOf(settings: RawSettings): Promise<Pick<RawSettings, "image">> {
  const request = imageRequestOf(settings.values["image"]);
  if (request === undefined || (isUrl(request.source) && findProblems(settings).length > 0)) return {};
  const { os } = settings.values;
  const report = paced((line, passing) => void pulumi.log.info(line, undefined, undefined, passing));
  return { image: await resolveImage(request, typeof os === "string" ? os : DEFAULTS.os, report) };
}

/**
 * A checked plan with all defaults applied. Reads the files that the settings name, and fetches, verifies and unpacks the
 * image the first time; paths are relative to the folder where Pulumi runs the program. Shows the plan's warnings.
 * @throws ArgumentError with every problem that there is.
 */
export async function clusterPlan(
  settings: ClusterSettings,
  options: PlanOptions = {},
): Promise<ClusterPlan> {
  const stack = pulumi.getStack();
  const values = given(settings);
  const secretKeys = [...(options.secrets ?? [])];
  const files = filesNamed({ stack, values, secretKeys }).map(
    (source) => [source, readSource(source)] as const,
  );
  const settled = { stack, values, secretKeys, files: Object.fromEntries(files) };
  try {
    const plan = makePlan({ ...settled, ...(await imageOf(settled)) });
    for (const warning of plan.warnings) void pulumi.log.warn(`${plan.prefix}: ${warning}`);
    return plan;
  } catch (error) {
    throw error instanceof ConfigError ? new ArgumentError(stack, error.problems) : error;
  }
}
