/** What a snapshot holds, what differs and what was not looked at, for people. Pure. */
import type { Difference } from "../../host/snapshot/compare.ts";
import { type Part, PARTS, type Reason, type Snapshot, type Unseen } from "../../host/snapshot/types.ts";

/** How people call one thing of a part, and several. */
const NAMES: Readonly<Record<Part, readonly [one: string, many: string]>> = {
  domains: ["domain", "domains"],
  pools: ["storage pool", "pools"],
  volumes: ["volume", "volumes"],
  networks: ["network", "networks"],
  processes: ["process", "processes"],
  links: ["network device", "network devices"],
  devices: ["setting of network device", "settings of network devices"],
  namespaces: ["network namespace", "network namespaces"],
  addresses: ["address", "addresses"],
  routes: ["route", "routes"],
  queues: ["queue", "queues"],
  filters: ["packet filter", "rules of packet filters"],
  settings: ["kernel setting", "kernel settings"],
  mounts: ["mount", "mounts"],
  files: ["file", "files of libvirt"],
  configuration: ["configuration file", "configuration files"],
  places: ["file or folder", "files and folders of the system"],
  logs: ["log", "logs"],
  tokens: ["discovery token", "discovery tokens"],
};

/** Things that have a value: their name, and the value. */
const VALUED: Partial<Readonly<Record<Part, RegExp>>> = {
  settings: /^([^:]+):(.*)$/,
  devices: /^(\S+ \w+):(.*)$/,
  configuration: /^(\/.*?)(?: -> (.*)| (\d+(?: \d+)?))$/,
};

const nameOf = ({ part, thing }: Difference): string => VALUED[part]?.exec(thing)?.[1] ?? thing;

const valueOf = ({ part, thing }: Difference): string => VALUED[part]?.exec(thing)?.[2] ?? "";

/** `left` and `gone` of one and the same thing are one line. */
function linesOf(differences: readonly Difference[]): string[] {
  const gone = differences.filter(({ what }) => what === "gone");
  const paired = new Set<Difference>();
  const partner = (one: Difference): Difference | undefined =>
    VALUED[one.part] === undefined
      ? undefined
      : gone.find((other) => other.part === one.part && !paired.has(other) && nameOf(other) === nameOf(one));
  const lines = differences
    .filter(({ what }) => what === "left")
    .map((one): readonly [Difference, string] => {
      const [name] = NAMES[one.part];
      const was = partner(one);
      if (was === undefined) return [one, `left: ${name} ${one.thing}`];
      paired.add(was);
      const values = valueOf(one) === "" ? "" : `: it was ${valueOf(was)}, and is ${valueOf(one)}`;
      return [one, `changed: ${name} ${nameOf(one)}${values}`];
    });
  const alone = gone
    .filter((one) => !paired.has(one))
    .map((one) => [one, `gone: ${NAMES[one.part][0]} ${one.thing}`] as const);
  const order = new Map(differences.map((one, index) => [one, index]));
  return [...lines, ...alone]
    .toSorted(([one], [other]) => (order.get(one) ?? 0) - (order.get(other) ?? 0))
    .map(([, line]) => line);
}

const WHY: Readonly<Record<Reason, string>> = {
  "not asked": "not asked for",
  "not allowed": "only root may",
  "no tool": "the host has no program for it",
  failed: "the host answered with an error",
};

/** So many are named. */
const SHOWN = 3;

/** A line for each reason why something of a part was not looked at; parts that were not looked at at all share one. */
export function notLookedAt(unseen: readonly Unseen[]): string[] {
  const groups = new Map<
    string,
    { readonly title: string; readonly why: Reason; readonly whats: string[] }
  >();
  const whole = new Map<Reason, string[]>();
  for (const { part, what, why } of unseen) {
    const many = NAMES[part][1];
    if (what === "") whole.set(why, [...(whole.get(why) ?? []), many]);
    else {
      const group = groups.get(`${part} ${why}`) ?? { title: many, why, whats: [] };
      groups.set(`${part} ${why}`, { ...group, whats: [...group.whats, what] });
    }
  }
  return [
    ...[...whole].map(([why, parts]) => `not looked at: ${parts.join(", ")}: ${WHY[why]}.`),
    ...[...groups.values()].map(({ title, why, whats }) => {
      const more = whats.length - SHOWN;
      const named = [...whats.slice(0, SHOWN), ...(more > 0 ? [`${more} more`] : [])].join(", ");
      return `not looked at: some ${title}: ${WHY[why]} (${named}).`;
    }),
  ];
}

/** What neither of two snapshots, or only one of them, has looked at. */
export const unseenOfBoth = (before: readonly Unseen[], now: readonly Unseen[]): Unseen[] => [
  ...new Map([...before, ...now].map((one) => [`${one.part} ${one.what}`, one])).values(),
];

export interface Report {
  readonly before: Pick<Snapshot, "host" | "taken">;
  readonly differences: readonly Difference[];
  /** Logs that libvirt keeps, where they don't count. */
  readonly kept: readonly Difference[];
  readonly unseen: readonly Unseen[];
}

/** A line for each difference, what was not looked at, and one that sums them up. */
export function renderDifferences({ before, differences, kept, unseen }: Report): string {
  const found = linesOf(differences);
  const notes = [
    ...(kept.length === 0
      ? []
      : [`${kept.length} logs of machines that libvirt keeps are not counted; --logs counts them.`]),
    ...notLookedAt(unseen),
  ];
  const since = `since ${before.taken}`;
  const far = unseen.some(({ why }) => why !== "not asked") ? ", as far as it could be looked at" : "";
  const sum =
    found.length === 0
      ? `${before.host} is as it was ${since}${far}.`
      : `${before.host} is not as it was ${since}: ${found.length} ${found.length === 1 ? "difference" : "differences"}.`;
  return [...found, ...notes, sum, ""].join("\n");
}

/** "2 domains, 1 pools": what a snapshot holds. */
export const counts = ({ things, unseen }: Snapshot): string =>
  PARTS.filter((part) => !unseen.some((one) => one.part === part && one.what === ""))
    .map((part) => `${things[part].length} ${NAMES[part][1]}`)
    .join(", ");
