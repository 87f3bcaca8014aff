/** The plan: raw settings in, a checked cluster with all defaults applied out. Pure. */
import { assemble } from "./assemble.ts";
import { crossProblems } from "./checks/index.ts";
import { draftOf } from "./draft.ts";
import { ConfigError, type Problem } from "./errors.ts";
import { problemsOf } from "./problems.ts";
import type { RawSettings } from "./raw.ts";
import { settingsSchema } from "./schema/index.ts";
import type { ClusterPlan } from "./types.ts";

export { DEFAULTS } from "./defaults.ts";
export { ConfigError, type Problem } from "./errors.ts";
export { filesNamed } from "./files.ts";
export type { RawSettings, FileFinding, ImageFinding } from "./raw.ts";
export { imageRequestOf } from "./schema/image.ts";
export type * from "./types.ts";

/** Each problem once: two checks can fail for the same reason. */
const unique = (problems: readonly Problem[]): Problem[] => [
  ...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values(),
];

/**
 * Checks the settings and fills in all defaults.
 * @throws ConfigError with every problem that there is.
 */
export function makePlan(raw: RawSettings): ClusterPlan {
  const draft = draftOf(raw);
  const result = settingsSchema(draft.context).safeParse(raw.values);
  const problems = unique([
    ...(result.success ? [] : result.error.issues.flatMap((issue) => problemsOf(issue, raw))),
    ...crossProblems(draft, raw),
  ]);
  if (problems.length > 0) throw new ConfigError(raw, problems);
  return assemble(draft, raw);
}
