/** What etcd's discovery, its version and the number of members ask of each other. */
import { founderCount, known, memberCount, type Draft } from "../draft.ts";
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

const NO_WAY_IN =
  "ignition stands in place of all profiles, and such a file can't be told what a member must know to join";

/** Entries with `joins: true` where there is nothing to join, or no way to do it. */
function joinsProblems(draft: Draft, raw: RawSettings): Problem[] {
  return (draft.nodes ?? []).flatMap(({ at, role, joins }) => {
    if (at === undefined || joins !== true || role === undefined) return [];
    const fault =
      role === "client"
        ? "a client is no member, and joins nothing"
        : founderCount(draft) === 0
          ? "some members must begin the cluster that others join"
          : draft.given.ignition !== undefined
            ? NO_WAY_IN
            : undefined;
    const path = [...at, "joins"];
    return fault === undefined ? [] : [problemAt(raw, path, `not set: ${fault}`, removal(path))];
  });
}

function bootstrapProblems(draft: Draft, raw: RawSettings): Problem[] {
  const [members, most] = [memberCount(draft), founderCount(draft)];
  const size = draft.given.bootstrapSize;
  if (size === undefined || members === undefined || most === undefined || (members > 0 && most === 0))
    return [];
  const path = ["bootstrapSize"];
  const wrong = (expected: string): Problem[] => [
    problemAt(raw, path, expected, setting(raw.values, path, String(most))),
  ];
  if (members === 0) return size === 0 ? [] : wrong("0, since no node is a member");
  if (size < 1 || size > most) {
    const range = most === 1 ? "1" : `from 1 to ${most}`;
    const who = most === 1 ? "there is 1 member" : `there are ${most} members`;
    return wrong(
      `${range}: ${who} to begin a cluster with (one that began with another number is another cluster: the machines are rebuilt)`,
    );
  }
  return size < most && draft.given.ignition !== undefined ? wrong(`${most}: ${NO_WAY_IN}`) : [];
}

export const etcdProblems = (draft: Draft, raw: RawSettings): Problem[] => [
  ...(memberCount(draft) === 0 ? [] : versionProblems(draft, raw)),
  ...joinsProblems(draft, raw),
  ...bootstrapProblems(draft, raw),
];
