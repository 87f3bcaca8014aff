/** Hosts against each other, and the machines that name one. */
import { proposeHostName } from "../connections.ts";
import type { Draft, HostDraft } from "../draft.ts";
import type { Problem } from "../errors.ts";
import { isSecret, problemAt } from "../problems.ts";
import type { RawSettings } from "../raw.ts";
import { quote, removal, setting } from "../remedies.ts";
import { fromJson, isMap } from "../schema/parts.ts";
import { suggest } from "../suggest.ts";
import { oneOf } from "../words.ts";

/** Host names and paths are as good in capitals; what else there is in a URI may not be. */
const sameUri = (uri: string): string => uri.replace(/^[^/]*\/\/[^/]*/, (start) => start.toLowerCase());

/** The first of those that are before it and alike. */
const before = (hosts: readonly HostDraft[], index: number, like: (host: HostDraft) => boolean): number =>
  hosts.slice(0, index).findIndex(like);

function twice(hosts: readonly HostDraft[], raw: RawSettings): Problem[] {
  return hosts.flatMap(({ name, uri }, index) => {
    if (uri === undefined) return [];
    const path = ["hosts", index];
    const same = before(
      hosts,
      index,
      (other) => other.uri !== undefined && sameUri(other.uri) === sameUri(uri),
    );
    if (same >= 0) {
      const expected = `another host: hosts[${same}] is this one already`;
      return [problemAt(raw, path, expected, removal(path))];
    }
    const namesake = before(hosts, index, (other) => other.name === name);
    if (name === undefined || namesake < 0) return [];
    const taken = hosts.flatMap((host) => host.name ?? []);
    const at = [...path, "name"];
    const shown = isSecret(raw, ["hosts"]) ? "so" : name;
    const expected = `a name of its own: hosts[${namesake}] is called ${shown} too`;
    return [
      problemAt(
        raw,
        at,
        expected,
        naming(index, proposeHostName(isSecret(raw, ["hosts"]) ? "" : name, taken), raw),
      ),
    ];
  });
}

/** Gives an entry a name. One that is a URI alone has to become a map, which `--path` can't do in the middle of a list. */
function naming(index: number, name: string, raw: RawSettings): string {
  const list = fromJson(raw.values["hosts"]);
  const entry = Array.isArray(list) ? (list[index] as unknown) : undefined;
  if (!Array.isArray(list) || isMap(entry)) return setting(raw.values, ["hosts", index, "name"], name);
  if (isSecret(raw, ["hosts"])) return removal(["hosts", index]);
  const named = list.map((one: unknown, at) => (at === index ? { uri: one, name } : one));
  return setting(raw.values, ["hosts"], quote(JSON.stringify(named)));
}

/** Machines that are put on a host which is not there. */
function astray({ nodes, hosts }: Draft, raw: RawSettings): Problem[] {
  const names = hosts?.flatMap(({ name }) => name ?? []);
  return (nodes ?? []).flatMap(({ at, host }) => {
    if (at === undefined || host === undefined) return [];
    const path = [...at, "host"];
    if (names === undefined) {
      if (raw.values["hosts"] !== undefined) return []; // they are wrong themselves
      const expected = "not set: hosts is not set, so all machines are on one host";
      return [problemAt(raw, path, expected, removal(path))];
    }
    if (names.includes(host) || names.length < (hosts?.length ?? 0)) return [];
    if (isSecret(raw, ["hosts"]))
      return [problemAt(raw, path, "the name of one of the hosts (not shown)", removal(path))];
    const word = suggest(host, names) ?? names[0] ?? "";
    return [problemAt(raw, path, `one of the hosts: ${oneOf(names)}`, setting(raw.values, path, word))];
  });
}

export const hostProblems = (draft: Draft, raw: RawSettings): Problem[] => [
  ...twice(draft.hosts ?? [], raw),
  ...astray(draft, raw),
];
