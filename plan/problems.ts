/** Turns the schema's issues into problems that a user can act on. */
import type * as z from "zod/mini";
import type { Problem } from "./errors.ts";
import { CONFIG_KEY_NAMES, infoAt, knownAt } from "./keys.ts";
import { DISCOVERY_MODES } from "./keys/cluster.ts";
import type { RawSettings } from "./raw.ts";
import { both, pathText, removal, renaming, setting, valueAt, type Path } from "./remedies.ts";
import type { IssueParams } from "./schema/index.ts";
import { isPrivateKey } from "./sshKeys.ts";
import { suggest } from "./suggest.ts";
import { redactUrl } from "./urls.ts";

type Issue = z.core.$ZodIssue;

/** Longest value that a message repeats. */
const SHOWN = 60;

/** Whether the values under a path are marked as secret: nothing of them goes into a message or a command. */
export const isSecret = (raw: RawSettings, path: Path): boolean => raw.secretKeys.includes(String(path[0]));

/** A value for a message: quoted, shortened, and without anything that must not be repeated. */
export function showValue(raw: RawSettings, path: Path): string | undefined {
  const value = valueAt(raw.values, path);
  if (value === undefined) return undefined;
  if (isSecret(raw, path)) return "a secret (not shown)";
  const text = typeof value === "string" ? JSON.stringify(redactUrl(value)) : JSON.stringify(value);
  if (isPrivateKey(text)) return "a private key (not shown)";
  if (path[0] === "sshAuthorizedKeys") {
    const what = path.length === 1 ? "not a list of public keys" : "no public key";
    return `${what} (${text.length} characters, not shown)`;
  }
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}… (${text.length} characters)`;
}

/** A problem of what lies at a path, with the command that puts another value there. */
export const problemAt = (raw: RawSettings, path: Path, expected: string, remedy: string): Problem => ({
  key: pathText(path),
  value: showValue(raw, path),
  expected,
  remedy,
});

/** Whether a value can stand in a command: it is repeated there as it is. */
const canRepeat = (raw: RawSettings, path: Path): boolean =>
  !isSecret(raw, path) && !isPrivateKey(JSON.stringify(valueAt(raw.values, path) ?? ""));

function unknownKeys(issue: Issue & { code: "unrecognized_keys" }, raw: RawSettings): Problem[] {
  const known = issue.path.length === 0 ? CONFIG_KEY_NAMES : knownAt(issue.path);
  const beside = valueAt(raw.values, issue.path) ?? {};
  return issue.keys.map((name) => {
    const path = [...issue.path, name];
    const meant = suggest(issue.path.length === 0 ? name.replace(/^[^:]*:/, "") : name, known);
    const others =
      issue.path.length === 0
        ? `one of the keys ${known.join(", ")}`
        : issue.path[0] === "discovery"
          ? "nothing here; this discovery mode has no such part"
          : `one of the parts ${known.join(", ")}`;
    if (meant === undefined || meant === name) return problemAt(raw, path, others, removal(path));
    const free = !Object.hasOwn(beside, meant) && canRepeat(raw, path);
    const renamed = free ? renaming(raw.values, path, meant) : undefined;
    return problemAt(raw, path, `the key ${meant}; there is none of this name`, renamed ?? removal(path));
  });
}

/** The discovery mode that a text without one, or a mistyped one, is likely meant to be. */
function meantMode(path: Path, raw: RawSettings): string | undefined {
  const at = path.join(".");
  const value = valueAt(raw.values, path);
  if ((at !== "discovery" && at !== "discovery.mode") || typeof value !== "string") return undefined;
  return isSecret(raw, path) ? undefined : suggest(value, DISCOVERY_MODES);
}

/** The command that mends what an issue is about. */
function remedyOf(path: Path, params: IssueParams, raw: RawSettings): string {
  if (params.rename !== undefined) {
    const entry = ["role", "member"] as const;
    const renamed = canRepeat(raw, path) ? renaming(raw.values, path, params.rename, entry) : undefined;
    return renamed ?? removal(path);
  }
  if (params.remove === true) return removal(path);
  const info = infoAt(path);
  const inList = typeof path.at(-1) === "number";
  if (params.word !== undefined && !isSecret(raw, path)) {
    const { word, within, forList } = params;
    if (within === undefined) return setting(raw.values, forList === true ? path.slice(0, -1) : path, word);
    return both(removal(path), setting({}, [...path, ...within], word));
  }
  const word = meantMode(path, raw) ?? info?.example ?? "'<value>'";
  if (info?.within === undefined || inList) return setting(raw.values, path, word);
  // The example is a part of the value: what is wrong goes as a whole.
  const set = setting({}, [...path, ...info.within], word);
  return valueAt(raw.values, path) === undefined ? set : both(removal(path), set);
}

/** The problems behind one issue; one issue about unknown keys can hold several. */
export function problemsOf(issue: Issue, raw: RawSettings): Problem[] {
  if (issue.code === "unrecognized_keys") return unknownKeys(issue, raw);
  const params: IssueParams = (issue.code === "custom" ? issue.params : undefined) ?? {};
  const secret = isSecret(raw, issue.path);
  const repeats = params.repeats === true && secret;
  const message = secret && params.discreet !== undefined ? params.discreet : issue.message;
  const said = issue.code === "custom" && message !== "Invalid input" && !repeats ? message : "";
  const expected = said === "" ? (infoAt(issue.path)?.expected ?? issue.message) : said;
  return [problemAt(raw, issue.path, expected, remedyOf(issue.path, params, raw))];
}
