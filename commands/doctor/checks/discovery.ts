/** Whether what the members find each other by answers. */
import { both, removal } from "../../../plan/remedies.ts";
import { redactUrl } from "../../../plan/urls.ts";
import { ask, field, parsed, type Answer } from "../../http.ts";
import { wayVia } from "../../through.ts";
import type { Check, PlanDiscovery, Verdict } from "../types.ts";
import { ok } from "../words.ts";

/** Milliseconds. */
const TIME_LIMIT = 8000;

/** Why an answer is none of a registry of this mode; undefined where it may be one. */
function strange(mode: PlanDiscovery["mode"], answer: Answer): string | undefined {
  if (answer.reason !== undefined) return answer.reason;
  const { status, text } = answer;
  if (status >= 500) return `status ${status}`;
  const body = parsed(text);
  const isV2 = field(body, "action") !== undefined || field(body, "errorCode") !== undefined;
  if ((mode === "etcd" || mode === "url") && !isV2)
    return `status ${status}, and no answer of etcd's v2 API (an etcd of 3.4 or 3.5 needs --enable-v2)`;
  if (mode === "v3" && field(body, "etcdserver") === undefined)
    return `status ${status}, and no answer of etcd`;
  return undefined;
}

/** Other modes have parts that `static` does not know. In the lab, whose values come back when all of a key is removed, this works too. */
const without = (parts: readonly string[]): string =>
  both(
    "pulumi config set --path discovery.mode static",
    ...parts.map((part) => removal(["discovery", part])),
  );

/** @param answers to the plan's questions, in their order. */
export function judgeDiscovery(
  { mode, questions, parts = [] }: PlanDiscovery,
  answers: readonly Answer[],
  typed: (command: string) => string,
): Verdict {
  const why =
    "New members find each other there; without it no cluster forms. The nodes have to reach it as well as this machine.";
  if (mode === "static")
    return ok("not needed: discovery.mode is static", "Every member is told all names beforehand.");
  const faults = questions.map((question, at) => {
    const answer = answers[at] ?? { reason: "not asked", hopeless: true };
    return { question, fault: strange(mode, answer) };
  });
  const [sound] = faults.filter(({ fault }) => fault === undefined);
  if (sound !== undefined) return ok(`${redactUrl(sound.question)} answers (discovery.mode ${mode})`, why);
  const found =
    faults.length === 0
      ? `discovery.mode is ${mode}, and no address of a registry is known`
      : faults.map(({ question, fault }) => `${redactUrl(question)}: ${fault ?? ""}`).join("; ");
  return { level: "problem", found, why, remedy: typed(without(parts)) };
}

export const discovery: Check = {
  id: "discovery",
  about: "the registry of the plan's discovery mode answers; no token is used up",
  here: true,
  run: async ({ plan, typed, uri, shell }) => {
    const way = shell === undefined ? {} : wayVia(uri); // it may stand where only the machines reach it
    const answers = await Promise.all(plan.discovery.questions.map((url) => ask(url, {}, TIME_LIMIT, way)));
    return [judgeDiscovery(plan.discovery, answers, typed)];
  },
};
