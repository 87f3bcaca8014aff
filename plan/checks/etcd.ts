/** What etcd's discovery, its version and the number of members ask of each other. */
import { known, memberCount, type Draft } from "../draft.ts";
import { problemAt } from "../problems.ts";
import { both, removal, setting } from "../remedies.ts";
import { DEFAULTS } from "../defaults.ts";
import type { Problem } from "../errors.ts";
import type { RawSettings } from "../raw.ts";
import type { DiscoveryPlan } from "../types.ts";

/** The first version of etcd with v3 discovery, and without the v2 discovery that the other modes need. */
const V3_DISCOVERY = { minor: 6, text: "3.6" };
const EXAMPLE = { before: "3.5.21", since: "3.6.5" };
/** What Debian has, which the lab's image is made of. */
const LAB_ETCD = "3.4";

const minorOf = (version: string): number => Number(version.split(".")[1]);

/** The discovery of the plan: as it is given, or the public service. */
export function discoveryOf(draft: Draft): DiscoveryPlan | undefined {
  const usual = { mode: "service", endpoint: DEFAULTS.discoveryEndpoint } as const;
  const discovery = known(draft, "discovery", usual);
  if (discovery?.mode === "service")
    return { ...usual, ...(discovery.endpoint === undefined ? {} : { endpoint: discovery.endpoint }) };
  if (discovery?.mode !== "v3") return discovery;
  const { token, ...rest } = discovery;
  return token === undefined ? rest : { ...rest, token };
}

function versionProblems(draft: Draft, raw: RawSettings): Problem[] {
  const version = known(draft, "etcdVersion", "");
  const mode = discoveryOf(draft)?.mode;
  if (draft.os === "lab") {
    // The lab's etcd comes with its image; its version can't be chosen, so the mode is what can be mended.
    const versionWrong = version !== undefined && version !== "" && !version.startsWith(`${LAB_ETCD}.`);
    const path = ["discovery", "mode"];
    return [
      ...(versionWrong
        ? [
            problemAt(
              raw,
              ["etcdVersion"],
              `not set: the lab's image brings etcd ${LAB_ETCD} and runs no other`,
              removal(["etcdVersion"]),
            ),
          ]
        : []),
      ...(mode === "v3"
        ? [
            problemAt(
              raw,
              path,
              `service, etcd, url or static: v3 discovery needs etcd ${V3_DISCOVERY.text}, and the lab's image has ${LAB_ETCD}`,
              both(removal(["discovery"]), setting({}, path, "static")),
            ),
          ]
        : []),
    ];
  }
  if (version === undefined || mode === undefined || mode === "static") return [];
  const path = ["etcdVersion"];
  if (mode === "v3" && (version === "" || minorOf(version) < V3_DISCOVERY.minor)) {
    const expected = `${V3_DISCOVERY.text}.0 or newer, since discovery.mode is v3 and older versions don't know it`;
    return [problemAt(raw, path, expected, setting(raw.values, path, EXAMPLE.since))];
  }
  if (mode !== "v3" && version !== "" && minorOf(version) >= V3_DISCOVERY.minor) {
    const expected =
      `older than ${V3_DISCOVERY.text}, where v2 discovery ends, since discovery.mode is ${mode}; ` +
      "newer ones need the mode v3 or static";
    return [problemAt(raw, path, expected, setting(raw.values, path, EXAMPLE.before))];
  }
  return [];
}

function bootstrapProblems(draft: Draft, raw: RawSettings): Problem[] {
  const members = memberCount(draft);
  const size = draft.given.bootstrapSize;
  if (members === undefined || size === undefined || size === members) return [];
  const expected = `${members}, the number of members: a new cluster begins with all of them, since members can't be added later yet`;
  return [
    problemAt(raw, ["bootstrapSize"], expected, setting(raw.values, ["bootstrapSize"], String(members))),
  ];
}

export const etcdProblems = (draft: Draft, raw: RawSettings): Problem[] => [
  ...(memberCount(draft) === 0 ? [] : versionProblems(draft, raw)),
  ...bootstrapProblems(draft, raw),
];
