/** What a restore is going to do, worked out before anything is touched. Pure. */
import type { SnapshotFile } from "../snapshot/file.ts";
import type { Listed, MemberState } from "../snapshot/members.ts";
import type { Said } from "../snapshot/reached.ts";
import { size as sizeInWords } from "../hosts/words.ts";
import { cameSince, outsideWords, unfinishedOn } from "./left.ts";
import type { NodeFacts } from "./node.ts";

export interface Situation {
  readonly file: SnapshotFile;
  /** Of every node that is a member. */
  readonly nodes: readonly NodeFacts[];
  /** What the members' endpoints answer. */
  readonly states: readonly Said<MemberState>[];
  /** To go on though not all members are healthy, or though a member is no node of the stack. */
  readonly force: boolean;
}

export interface MemberPlan {
  readonly node: string;
  /** etcd's name. */
  readonly name: string;
  /** With commas between. */
  readonly peerUrls: string;
}

export interface RestorePlan {
  readonly members: readonly MemberPlan[];
  /** For `--initial-cluster`. */
  readonly initialCluster: string;
  /** Whether what an earlier run has put aside is what comes back on failure; else what is there now is. */
  readonly keepOld: boolean;
  /** Sentences that the user is told before. */
  readonly notes: readonly string[];
}

/** Bytes beside twice the snapshot: etcd preallocates its write-ahead log. */
const ROOM = 128 * 2 ** 20;

/** [3, 4] of "3.4.23". */
const minor = (version: string): readonly [number, number] => {
  const [, major = "0", second = "0"] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return [Number(major), Number(second)];
};

const newer = (one: string, other: string): boolean => {
  const [a, b] = [minor(one), minor(other)];
  return a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);
};

type Answer = Extract<Said<MemberState>, MemberState>;

const answersOf = (states: readonly Said<MemberState>[]): Answer[] =>
  states.filter((state) => state.problem === undefined);

/** The list of members that most is known of; none where no member answers. */
const listOf = (answers: readonly Answer[]): readonly Listed[] => answers[0]?.members ?? [];

/** What is wrong with the cluster as it is; undefined where it is one healthy cluster of just these nodes. */
export function clusterTrouble(
  states: readonly Said<MemberState>[],
  names: readonly string[],
): string | undefined {
  const silent = states.filter(({ problem }) => problem !== undefined);
  if (silent.length > 0)
    return silent.map(({ endpoint, problem }) => `${endpoint}: ${problem ?? ""}`).join("; ");
  const answers = answersOf(states);
  if (answers.length < names.length)
    return `${answers.length} of ${names.length} members are known to the stack's outputs`;
  if (new Set(answers.map(({ cluster }) => cluster)).size > 1) return "the members are several clusters";
  const wanted = [...names].sort().join(", ");
  for (const { endpoint, members } of answers) {
    const listed = members
      .map(({ name }) => name)
      .sort()
      .join(", ");
    if (listed !== wanted) return `${endpoint} lists the members ${listed}, not ${wanted}`;
  }
  return undefined;
}

const named = ({ name, node }: NodeFacts): string => (name === "" ? node : name);

/** All that keeps the restore from being tried, as sentences. */
function problemsOf({ file, nodes, states, force }: Situation, unfinished: boolean): string[] {
  const answers = answersOf(states);
  const trouble = clusterTrouble(states, nodes.map(named));
  const outside = outsideWords(states, nodes.map(named));
  const version = answers.find((answer) => newer(file.clusterVersion ?? "0.0", answer.version))?.version;
  const need = 2 * file.size + ROOM;
  return [
    ...(trouble !== undefined && !unfinished && !force
      ? [
          `the cluster is not healthy: ${trouble}. ${outside === undefined ? "" : `${outside}. `}Mend it first, or say --force to replace its data all the same`,
        ]
      : []),
    ...(version === undefined
      ? []
      : [
          `the snapshot is of etcd ${file.clusterVersion ?? "?"}, and the members run ${version}, which can't read it`,
        ]),
    ...nodes.flatMap(({ node, walFolder, free, name, peers }) => [
      ...(walFolder === ""
        ? []
        : [`${node} keeps its write-ahead log apart, in ${walFolder}: that is not supported`]),
      ...(free >= need
        ? []
        : [`${node} has ${sizeInWords(free)} free where etcd's data are; ${sizeInWords(need)} are needed`]),
      ...(urlsOf(name === "" ? node : name, peers, answers) === ""
        ? [`where ${node} serves its peers is said neither by the members nor by its unit`]
        : []),
    ]),
  ];
}

/** A member's peer URLs: as the cluster has them, else as the unit on the node gives them. */
function urlsOf(name: string, configured: string, answers: readonly Answer[]): string {
  const urls = listOf(answers).find((member) => member.name === name)?.peerUrls ?? [];
  return urls.length > 0 ? urls.join(",") : configured;
}

/** @returns the plan, or what speaks against it */
export function planRestore(situation: Situation): RestorePlan | { readonly problems: readonly string[] } {
  const { file, nodes, states } = situation;
  const answers = answersOf(states);
  const left = unfinishedOn(nodes);
  const unfinished = left.length > 0;
  const problems = problemsOf(situation, unfinished);
  if (problems.length > 0) return { problems };
  const members = nodes.map((facts) => ({
    ...{ node: facts.node, name: named(facts), peerUrls: urlsOf(named(facts), facts.peers, answers) },
  }));
  const swapped = left.some(({ leftover }) => leftover === "swapped");
  const healthy = clusterTrouble(states, nodes.map(named)) === undefined;
  // What some have from before is of no use to a cluster that has members made since.
  const whole = cameSince(nodes).length === 0;
  const keepOld = swapped && (!healthy || (whole && left.every(({ source }) => source === file.sha256)));
  return {
    members,
    initialCluster: members
      .flatMap(({ name, peerUrls }) => peerUrls.split(",").map((url) => `${name}=${url}`))
      .join(","),
    keepOld,
    notes: [
      ...(keepOld
        ? ["An earlier restore did not end: what was there before it comes back if this one fails."]
        : unfinished
          ? [
              "An earlier restore did not end. What it left is dropped: the data of now come back if this one fails.",
            ]
          : []),
      ...(answers.some(({ v2Keys }) => v2Keys)
        ? ["The cluster has keys of the v2 API, which no snapshot holds: they are gone afterwards."]
        : []),
    ],
  };
}
