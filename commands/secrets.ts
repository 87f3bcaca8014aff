/** Messages without what the config calls a secret. */
import { redactUrl } from "../plan/urls.ts";

/** What says where a registry is, and which token is used there. */
const VARIABLES = [
  ...(["ENDPOINT", "ENDPOINTS", "URL", "DISCOVERY_URL"] as const),
  ...(["TOKEN", "GIVEN_TOKEN", "PULUMI_COMMAND_STDOUT"] as const),
];

/** Shorter ones are hardly secrets, and would take letters out of other words. */
const SHORTEST = 6;

/** A URL's parts that stand in messages on their own. */
function partsOf(word: string): string[] {
  const url = URL.parse(word);
  if (url === null) return [];
  const { username, password, pathname, search } = url;
  return [
    url.href.replace(/\/$/, ""),
    redactUrl(word),
    username,
    password,
    search,
    pathname.split("/").at(-1) ?? "",
  ];
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/**
 * `text` without the addresses, passwords and tokens in a program's environment, where that says SECRET=true; hosts that stand
 * alone stay, or nobody could tell what is wrong. Pure.
 */
export function maskSecrets(text: string, env: NodeJS.ProcessEnv): string {
  if (env["SECRET"] !== "true") return text;
  const words = VARIABLES.flatMap((name) => (env[name] ?? "").split(/\s+/)).filter(
    (word) => !/^[[{"]/.test(word),
  );
  const secrets = words
    .flatMap((word) => [word, ...partsOf(word)])
    .flatMap((word) => [word, decoded(word)])
    .filter((word) => word.length >= SHORTEST)
    .toSorted((a, b) => b.length - a.length);
  return [...new Set(secrets)].reduce((masked, secret) => masked.replaceAll(secret, "***"), text);
}
