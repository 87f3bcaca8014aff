/** Which profiles can stand together, on which system, and on a machine of which role. */
import type { Draft, NodeDraft } from "../draft.ts";
import { OS_FAMILIES } from "../os.ts";
import { problemAt } from "../problems.ts";
import { PROFILES, type ProfileName, type ProfileTraits } from "../profiles.ts";
import { quote, setting, type Path } from "../remedies.ts";
import type { Problem } from "../errors.ts";
import type { RawSettings } from "../raw.ts";
import type { OsFamily } from "../types.ts";

interface Finding {
  readonly expected: string;
  /** The profiles that would be right. */
  readonly instead: readonly string[];
}

/** What a profile asks of others beside it, and of the system; nothing where it does not say. */
type Constraints = ProfileTraits & {
  readonly needs?: readonly string[];
  readonly excludes?: readonly string[];
  readonly os?: readonly OsFamily[];
};

const traitsOf = (name: ProfileName): Constraints => PROFILES[name];

const without = (set: readonly ProfileName[], ...names: readonly string[]): ProfileName[] =>
  set.filter((name) => !names.includes(name));

/** What is wrong with a set of profiles on a system, whoever the machine is. */
function setFindings(set: readonly ProfileName[], os: OsFamily | undefined): Finding[] {
  return set.flatMap((name): Finding[] => {
    const { os: only, needs = [], excludes = [] } = traitsOf(name);
    if (os !== undefined && only !== undefined && !only.includes(os)) {
      const others = OS_FAMILIES.filter((family) => only.includes(family)).join(", ");
      return [
        {
          expected: `without ${name}, which is for ${others} and not for ${os}`,
          instead: without(set, name),
        },
      ];
    }
    const lacking = needs.filter((need) => !set.some((other) => other === need));
    const clashing = excludes.filter((other) => set.some((one) => one === other));
    return [
      ...lacking.map((need) => ({
        expected: `with ${need} too, which ${name} needs`,
        instead: [...set, need],
      })),
      ...clashing.map((other) => ({
        expected: `${name} or ${other}, not both`,
        instead: without(set, other),
      })),
    ];
  });
}

/** What is wrong with a set of profiles for what its machine is. */
function roleFindings({ role, profiles: set = [], snippets, name = "the node" }: NodeDraft): Finding[] {
  if (role === "client" && set.includes("etcd")) {
    const instead = set.map((one) => (one === "etcd" ? "etcd-client" : one));
    const expected = `without etcd, since ${name} has the role client; etcd-client points at the cluster`;
    return [{ expected, instead: [...new Set(instead)] }];
  }
  // A member's etcd can come from a snippet of the user's own.
  if (role === "member" && !set.includes("etcd") && snippets.length === 0) {
    const expected = `with etcd, since ${name} has the role member and no snippet that could bring it`;
    return [{ expected, instead: [...without(set, "etcd-client"), "etcd"] }];
  }
  return [];
}

/** Pairs of profiles that exclude each other are found from both sides: the first says it. */
function firstOf(findings: readonly Finding[]): Finding[] {
  const pair = ({ expected }: Finding): string =>
    expected.endsWith("not both") ? expected.replace(/,.*/, "").split(" or ").sort().join() : expected;
  return [...new Map(findings.toReversed().map((finding) => [pair(finding), finding])).values()].toReversed();
}

export function profileProblems(draft: Draft, raw: RawSettings): Problem[] {
  if (raw.values["ignition"] !== undefined) return [];
  const say = (path: Path, { expected, instead }: Finding): Problem =>
    problemAt(
      raw,
      path,
      expected,
      setting(raw.values, path, instead.length === 0 ? "'[]'" : quote(instead.join(","))),
    );
  const problems = new Map<string, Problem>();
  for (const node of draft.nodes ?? []) {
    if (node.profiles === undefined) continue;
    const own = node.at === undefined ? ["profiles"] : [...node.at, "profiles"];
    const from = node.profilesAt ?? ["profiles"];
    const found = firstOf(setFindings(node.profiles, draft.os)).map((finding) => say(from, finding));
    // A set for all nodes that does not fit one machine's role is mended there.
    const byRole = roleFindings(node).map((finding) => say(own, finding));
    for (const problem of [...found, ...byRole]) problems.set(`${problem.key} ${problem.expected}`, problem);
  }
  return [...problems.values(), ...metadataProblem(draft, raw)];
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
