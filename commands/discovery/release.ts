/** Taking a discovery token out of a registry of our own, so that it doesn't fill up. */
import { type Answer, ask, type Question } from "../http.ts";
import { say, words } from "../program.ts";
import { maskSecrets } from "../secrets.ts";
import { wayVia } from "../through.ts";
import { said } from "./registry.ts";
import { deleteQuestion, deleteUrls, parseRegistryUrl } from "./v3.ts";

/** Milliseconds: a registry that is gone must not hold up a destroy. */
const TIME_LIMIT = 3000;

/** The same where a host may have to be asked for a connection. */
const TIME_LIMIT_THROUGH = 8000;

/** The requests of which one must succeed; none where the token is not ours to remove. */
function removal(env: NodeJS.ProcessEnv, url: string): { urls: readonly string[]; question: Question } {
  if (env["MODE"] === "etcd" && url.includes("/v2/keys/discovery/"))
    return { urls: [`${url}?recursive=true&dir=true`], question: { method: "DELETE" } };
  const found = env["MODE"] === "v3" && (env["GIVEN_TOKEN"] ?? "") === "" ? parseRegistryUrl(url) : undefined;
  if (found === undefined) return { urls: [], question: {} };
  const servers = new Set([found.endpoint, ...words(env["ENDPOINTS"] ?? "")]);
  return { urls: deleteUrls([...servers]), question: deleteQuestion(found.token) };
}

/** Best effort: a token that stays hurts nobody, a destroy that fails does. A public service keeps its tokens. */
export async function release(env: NodeJS.ProcessEnv): Promise<string> {
  const { urls, question } = removal(env, env["PULUMI_COMMAND_STDOUT"] ?? "");
  const way = wayVia(env["LIBVIRT_URI"] ?? "");
  const limit = way.dial === undefined ? TIME_LIMIT : TIME_LIMIT_THROUGH;
  let last: { url: string; answer: Answer } | undefined;
  for (const url of urls) {
    const answer = await ask(url, question, limit, way);
    const goneFromV2 = question.method === "DELETE" && answer.status === 404;
    if (answer.reason === undefined && (answer.status < 300 || goneFromV2)) return "";
    last = { url, answer };
  }
  if (last !== undefined)
    say(
      maskSecrets(
        `The discovery token could not be removed; it hurts nobody. ${said(question.method ?? "GET", last.url, last.answer)}`,
        env, // which need not be this process's own
      ),
    );
  return "";
}
