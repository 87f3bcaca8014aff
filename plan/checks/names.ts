/** Names, MACs and addresses: no two machines may share one. */
import { macCollisions, macOf } from "../mac.ts";
import { defaultPrefix, nodeName, proposePrefix } from "../names.ts";
import { isSecret, problemAt, showValue } from "../problems.ts";
import { removal, setting } from "../remedies.ts";
import type { Draft, NodeDraft } from "../draft.ts";
import type { Problem } from "../errors.ts";
import type { RawSettings } from "../raw.ts";

/** A stack's name need not make a host name; then a prefix has to be given. */
function stackProblems(draft: Draft, raw: RawSettings): Problem[] {
  if (draft.prefix !== undefined || draft.wrong.has("prefix")) return [];
  const expected = `a prefix, since the stack's name "${raw.stack}" gives no valid host names`;
  const word = proposePrefix(defaultPrefix(raw.stack));
  return [problemAt(raw, ["prefix"], expected, setting(raw.values, ["prefix"], word))];
}

/** A prefix like this one, whose nodes' MACs don't collide. */
function freePrefix(prefix: string, count: number): string {
  const base = prefix.slice(0, 55);
  for (let number = 2; ; number++) {
    const candidate = proposePrefix(`${base}-${number}-`);
    const names = Array.from({ length: count }, (_, index) => nodeName(candidate, index + 1));
    if (macCollisions(names.map((name) => ({ name, mac: macOf(name) }))).length === 0) return candidate;
  }
}

/** A MAC for a node that no other has. */
function freeMac(name: string, taken: readonly (string | undefined)[]): string {
  for (let number = 2; ; number++) {
    const candidate = macOf(`${name}-${number}`);
    if (!taken.includes(candidate)) return candidate;
  }
}

type Named = NodeDraft & { readonly name: string };
const hasName = (node: NodeDraft): node is Named => node.name !== undefined;

function macProblems(draft: Draft, raw: RawSettings): Problem[] {
  const nodes = (draft.nodes ?? []).filter(hasName);
  const macs = nodes.flatMap(({ name, mac }) => (mac === undefined ? [] : [{ name, mac }]));
  return macCollisions(macs).map(({ mac, names: [one, other] }) => {
    const shared = (at: string): string => (isSecret(raw, [at]) ? "one" : mac);
    const path = nodes.find(({ name }) => name === other)?.at;
    if (path === undefined) {
      const prefix = draft.prefix ?? "";
      return {
        key: "prefix",
        value: showValue(raw, ["prefix"]),
        expected: `a prefix that gives each node a MAC address of its own; ${one} and ${other} would share ${mac}`,
        remedy: setting(raw.values, ["prefix"], freePrefix(prefix, nodes.length)),
      };
    }
    const at = [...path, "mac"];
    const free = freeMac(
      other,
      macs.map((node) => node.mac),
    );
    const expected = `a MAC address of its own for each node; ${one} and ${other} would share ${shared("nodes")}`;
    return problemAt(raw, at, expected, setting(raw.values, at, free));
  });
}

function addressProblems(draft: Draft, raw: RawSettings): Problem[] {
  const owners = new Map<string, string>();
  return (draft.nodes ?? []).filter(hasName).flatMap(({ name, address, at }) => {
    if (address === undefined || at === undefined) return [];
    const owner = owners.get(address);
    owners.set(address, owner ?? name);
    if (owner === undefined) return [];
    const path = [...at, "address"];
    const shown = isSecret(raw, path) ? "one" : address;
    const expected = `an address of its own for each node; ${owner} and ${name} share ${shown}`;
    return [problemAt(raw, path, expected, removal(path))];
  });
}

export const nameProblems = (draft: Draft, raw: RawSettings): Problem[] => [
  ...stackProblems(draft, raw),
  ...macProblems(draft, raw),
  ...addressProblems(draft, raw),
];
