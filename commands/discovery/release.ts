/** Taking a discovery token out of a registry of our own, so that it doesn't fill up. */
import { say } from "../program.ts";
import { ask, describe } from "./registry.ts";

/** Milliseconds: a registry that is gone must not hold up a destroy. */
const TIME_LIMIT = 3000;

/** Best effort: a token that stays hurts nobody, a destroy that fails does. A public service keeps its tokens. */
export async function release(env: NodeJS.ProcessEnv): Promise<string> {
  const url = env["PULUMI_COMMAND_STDOUT"] ?? "";
  if (env["MODE"] !== "etcd" || !url.includes("/v2/keys/discovery/")) return "";
  const answer = await ask(`${url}?recursive=true&dir=true`, { method: "DELETE" }, TIME_LIMIT);
  const gone = answer.reason === undefined && (answer.status < 300 || answer.status === 404);
  if (!gone)
    say(`The discovery token could not be removed; it hurts nobody. DELETE ${url}: ${describe(answer)}`);
  return "";
}
