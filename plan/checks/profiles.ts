/** Which profiles can stand together, on which system, and on a machine of which role. */
import type { Draft, NodeDraft } from "../draft.ts";
import { DEFAULTS } from "../defaults.ts";
import { OS_FAMILIES } from "../os.ts";
import { isSecret, problemAt } from "../problems.ts";
import { PROFILES, type ProfileName } from "../profiles.ts";
import { quote, setting, type Path } from "../remedies.ts";
import type { Problem } from "../errors.ts";
import type { RawSettings } from "../raw.ts";
import type { OsFamily } from "../types.ts";
import { oneOf } from "../words.ts";

interface Finding {
  readonly expected: string;
  /** The profiles that would be right. */
  readonly instead: readonly string[];
}

const without = (set: readonly ProfileName[], ...names: readonly string[]): ProfileName[] =>
  set.filter((name) => !names.includes(name));

/** The set with what its profiles need one of, so that a remedy needs no second one. */
function withNeeds(set: readonly ProfileName[]): ProfileName[] {
  const complete = set.flatMap((name) => {
    const { needsOneOf = [] } = PROFILES[name];
    return needsOneOf.some((other) => set.includes(other)) ? [name] : [...needsOneOf.slice(0, 1), name];
  });
  return [...new Set(complete)];
}

/** What is wrong with a set of profiles on a system, whoever the machine is. */
function setFindings(set: readonly ProfileName[], os: OsFamily | undefined): Finding[] {
  return set.flatMap((name): Finding[] => {
    const { os: only, needs = [], needsOneOf = [], excludes = [] } = PROFILES[name];
    if (os !== undefined && only !== undefined && !only.includes(os)) {
      const others = OS_FAMILIES.filter((family) => only.includes(family)).join(", ");
      return [
        {
          expected: `without ${name}, which is for ${others} and not for ${os}`,
          instead: without(set, name),
        },
      ];
    }
    const lacking = needs.filter((need) => !set.includes(need));
    const clashing = excludes.filter((other) => set.includes(other));
    const [usual] = needsOneOf;
    const none = usual !== undefined && !needsOneOf.some((other) => set.includes(other));
    return [
      ...lacking.map((need) => ({
        expected: `with ${need} too, which ${name} needs`,
        instead: [...set, need],
      })),
      ...(none
        ? [{ expected: `with ${oneOf(needsOneOf)} too, which ${name} needs`, instead: [...set, usual] }]
        : []),
      ...clashing.map((other) => ({
        expected: `${name} or ${other}, not both`,
        instead: without(set, other),
      })),
    ];
  });
}

/** What is wrong with a set of profiles for what its machine, called `who`, is. */
function roleFinding(node: NodeDraft, who: string): Finding | undefined {
  const { role, profiles: set = [], snippets } = node;
  const foreign = set.find((name) => role !== undefined && (PROFILES[name].role ?? role) !== role);
  if (role !== undefined && foreign !== undefined) {
    const swapped = set.map((name) => (name === "etcd" && role === "client" ? "etcd-client" : name));
    const hint = foreign === "etcd" ? "; etcd-client points at the cluster" : "";
    const expected = `without ${foreign}, since ${who} the role ${role}${hint}`;
    return { expected, instead: without([...new Set(swapped)], foreign) };
  }
  // A member's etcd can come from a snippet of the user's own.
  if (role === "member" && !set.includes("etcd") && snippets.length === 0) {
    const expected = `with etcd, since ${who} the role member and no snippet that could bring it`;
    return { expected, instead: withNeeds([...without(set, "etcd-client"), "etcd"]) };
  }
  return undefined;
}

/** Pairs of profiles that exclude each other are found from both sides: the first says it. */
function firstOf(findings: readonly Finding[]): Finding[] {
  const pair = ({ expected }: Finding): string =>
    expected.endsWith("not both") ? expected.replace(/,.*/, "").split(" or ").sort().join() : expected;
  return [...new Map(findings.toReversed().map((finding) => [pair(finding), finding])).values()].toReversed();
}

/** Problems of the sets that come from one place: the entry of a node, the key for all, or the defaults. */
function problemsFrom(
  nodes: readonly [NodeDraft, ...NodeDraft[]],
  draft: Draft,
  raw: RawSettings,
): Problem[] {
  const [first] = nodes;
  const say = (path: Path, { expected, instead }: Finding): Problem => {
    const right = isSecret(raw, path) ? DEFAULTS.profiles[first.role ?? DEFAULTS.role] : instead;
    const word = right.length === 0 ? "'[]'" : quote(right.join(","));
    return problemAt(raw, path, expected, setting(raw.values, path, word));
  };
  const path = first.profilesAt ?? ["profiles"];
  const sets = new Map(nodes.map(({ profiles = [] }) => [profiles.join(), profiles]));
  const found = [...sets.values()].flatMap((set) => firstOf(setFindings(set, draft.os)));
  const byRole = nodes.map((node) => roleFinding(node, `${node.name ?? "the node"} has`));
  const ofAll =
    nodes.length > 1 &&
    byRole.every((finding, at) => finding !== undefined && nodes[at]?.role === first.role);
  const common = ofAll ? roleFinding(first, "the nodes have") : undefined;
  if (common !== undefined) return [...found, common].map((finding) => say(path, finding));
  // A set for all nodes that does not fit some machines' roles is mended there.
  const own = nodes.flatMap(({ at }, index) => {
    const finding = byRole[index];
    return finding === undefined ? [] : [say(at === undefined ? path : [...at, "profiles"], finding)];
  });
  return [...found.map((finding) => say(path, finding)), ...own];
}

export function profileProblems(draft: Draft, raw: RawSettings): Problem[] {
  if (raw.values["ignition"] !== undefined) return [];
  const nodes = (draft.nodes ?? []).filter(({ profiles }) => profiles !== undefined);
  const place = ({ profilesAt }: NodeDraft): string => JSON.stringify(profilesAt ?? []);
  const problems = [...new Set(nodes.map(place))].flatMap((at) => {
    const [first, ...others] = nodes.filter((node) => place(node) === at);
    return first === undefined ? [] : problemsFrom([first, ...others], draft, raw);
  });
  return [...problems, ...metadataProblem(draft, raw)];
}

function metadataProblem(draft: Draft, raw: RawSettings): Problem[] {
  const path = ["metadataUrl"];
  if (raw.values["metadataUrl"] !== undefined || !uses(draft, "metadata-remote")) return [];
  const expected = "the http or https URL where the profile metadata-remote asks for the node's addresses";
  return [problemAt(raw, path, expected, setting(raw.values, path, "http://metadata.example/latest"))];
}

/** Whether any node has a profile, as far as is known. */
export const uses = (draft: Draft, name: ProfileName): boolean =>
  (draft.nodes ?? []).some(({ profiles }) => profiles?.includes(name) === true);
