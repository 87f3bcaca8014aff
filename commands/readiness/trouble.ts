/** What nodes tell of their trouble on their consoles (ignition/profiles/trouble.yaml), and whether they can still get over it. Pure. */

/** What a console says, newest word last. */
export interface Trouble {
  /** Without an address for a while, and still: in the node's words. */
  readonly noAddress: string | undefined;
  /** What etcd complained of, each time it ended. */
  readonly ended: readonly string[];
  /** What an etcd that runs and is not ready complained of, every half minute as long as it complains. */
  readonly waits: readonly string[];
}

const MARKER = /COREOS-CLUSTER-(NO-ADDRESS|ADDRESS|ETCD-ENDED|ETCD-WAITS): (.*)/;

/** etcd's lines of JSON (3.5 and newer), as `message: error`; others are left as they are. */
export function plainWords(text: string): string {
  const part = (line: string): string => {
    try {
      const { msg, error } = JSON.parse(line) as { msg?: unknown; error?: unknown };
      if (typeof msg !== "string") return line;
      return typeof error === "string" ? `${msg}: ${error}` : msg;
    } catch {
      return line;
    }
  };
  return text.split(" | ").map(part).join(" | ").trim();
}

export function troubleIn(console: readonly string[]): Trouble {
  let noAddress: string | undefined;
  const waits: string[] = [];
  const ended: string[] = [];
  for (const line of console) {
    const [, kind, words = ""] = MARKER.exec(line) ?? [];
    if (kind === "NO-ADDRESS") noAddress = words.trim();
    else if (kind === "ADDRESS") noAddress = undefined;
    else if (kind === "ETCD-ENDED") ended.push(plainWords(words));
    else if (kind === "ETCD-WAITS") waits.push(plainWords(words));
  }
  return { noAddress, ended, waits };
}

/** Complaints that no further try changes. The first five are etcd's about its cluster, the others about what it was given. */
const LASTING: readonly RegExp[] = [
  /cluster ID mismatch/i,
  /already been bootstrapped|previously registered|duplicated name|cluster is full/i,
  /size key not found|key not found|bad discovery|invalid.*token/i,
  /couldn't find local name|unmatched member|member count is unequal|missing from --initial|initial cluster/i,
  /has been (permanently )?removed|member .* not found/i,
  /flag provided but not defined|unknown (flag|command)|conflicting environment|invalid value/i,
  /permission denied|no space left|read-only file system|not a directory/i,
  /x509|bad certificate|unknown authority|private key/i,
];

/** Complaints that the other nodes or the network may still take away: their machines boot, a name gets known. */
const PASSING =
  /lookup|no such host|resolv|connection refused|connection reset|i\/o timeout|temporar|unreachable|deadline|\bEOF\b/i;

/** How often etcd has to end before it counts as lost: in a way that lasts, in one that nobody knows. */
const ENDS = { lasting: 2, unknown: 4 } as const;

/** How often an etcd that runs has to complain. */
const WAITS = 3;

const lasts = (words: string): boolean => LASTING.some((pattern) => pattern.test(words));

/**
 * Why this node will not get over its trouble; undefined while it may.
 * @param addressed whether somebody knows an address of the node.
 * @param settled milliseconds for which all members are there and nothing gets any better.
 * @param patience milliseconds of that after which an etcd that waits counts as lost.
 */
export function lostBy(
  { noAddress, ended, waits }: Trouble,
  { addressed, settled, patience }: { addressed: boolean; settled: number; patience: number },
): string | undefined {
  if (noAddress !== undefined && !addressed) return `it has ${noAddress}`;
  const last = ended.at(-1);
  if (last !== undefined) {
    const [same, needed] = lasts(last)
      ? [ended.filter(lasts).length, ENDS.lasting]
      : [PASSING.test(last) ? 0 : ended.length, ENDS.unknown];
    if (same >= needed) return `its etcd ends again and again: ${last}`;
  }
  const complaint = waits.at(-1);
  if (complaint !== undefined && waits.length >= WAITS && settled >= patience)
    return `its etcd can't join the others: ${complaint}`;
  return undefined;
}
