/** The plan: raw settings in, a checked cluster with all defaults applied out. Pure. */
import { assemble } from "./assemble.ts";
import { crossProblems } from "./checks/index.ts";
import { draftOf, type Draft } from "./draft.ts";
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

/** All that is wrong with the settings; nothing where they make a plan, once an image that they name was looked at. */
export const findProblems = (raw: RawSettings): readonly Problem[] => problemsIn(raw, draftOf(raw));

function problemsIn(raw: RawSettings, draft: Draft): readonly Problem[] {
  const result = settingsSchema(draft.context).safeParse(raw.values);
  return unique([
    ...(result.success ? [] : result.error.issues.flatMap((issue) => problemsOf(issue, raw))),
    ...crossProblems(draft, raw),
  ]);
}

/**
 * Checks the settings and fills in all defaults.
 * @throws ConfigError with every problem that there is.
 */
export function makePlan(raw: RawSettings): ClusterPlan {
  const draft = draftOf(raw);
  const problems = problemsIn(raw, draft);
  if (problems.length > 0) throw new ConfigError(raw, problems);
  return assemble(draft, raw);
}
