/** Snapshots of a host in files, and what differs, for people. */
import { readFile, writeFile } from "node:fs/promises";
import { type Difference, type Part, PARTS, type Snapshot } from "../../host/snapshot.ts";
import { field, list, parsed } from "../http.ts";
import { messageOf, UserError } from "../ui/errors.ts";

/** @throws UserError when the file can't be written */
export async function saveSnapshot(file: string, snapshot: Snapshot): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(snapshot, null, 2)}\n`);
  } catch (error) {
    throw new UserError(`the snapshot can't be written: ${messageOf(error)}`);
  }
}

/** Whether a parsed file is a snapshot that this version understands. Pure. */
export function isSnapshot(value: unknown): value is Snapshot {
  const things = field(value, "things");
  return (
    field(value, "version") === 1 &&
    typeof field(value, "host") === "string" &&
    typeof field(value, "taken") === "string" &&
    PARTS.every((part) => {
      const found = field(things, part);
      return Array.isArray(found) && list(found).every((thing) => typeof thing === "string");
    })
  );
}

/** @throws UserError when the file can't be read or is no snapshot */
export async function loadSnapshot(file: string): Promise<Snapshot> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new UserError(`the snapshot can't be read: ${messageOf(error)}`);
  }
  const value = parsed(text);
  if (isSnapshot(value)) return value;
  throw new UserError(
    `${file} is no snapshot of this version; one is made with: npm run cluster -- leaks --save FILE`,
  );
}

/** How people call one thing of a part. */
const NAMES: Readonly<Record<Part, string>> = {
  domains: "domain",
  pools: "storage pool",
  volumes: "volume",
  networks: "network",
  processes: "process",
  links: "network device",
  namespaces: "network namespace",
  mounts: "mount",
  files: "file",
  logs: "log",
  tokens: "discovery token",
};

/** A line for each difference, and one that sums them up. */
export function renderDifferences(
  before: Snapshot,
  differences: readonly Difference[],
  kept: readonly Difference[],
): string {
  const logs =
    kept.length === 0
      ? []
      : [`${kept.length} logs of machines that libvirt keeps are not counted; --logs counts them.`];
  const since = `since ${before.taken}`;
  if (differences.length === 0) return [...logs, `${before.host} is as it was ${since}.`, ""].join("\n");
  return [
    ...differences.map(({ part, what, thing }) => `${what}: ${NAMES[part]} ${thing}`),
    ...logs,
    `${before.host} is not as it was ${since}: ${differences.length} ${differences.length === 1 ? "difference" : "differences"}.`,
    "",
  ].join("\n");
}

/** "2 domains, 1 pools": what a snapshot holds. */
export const counts = ({ things }: Snapshot): string =>
  PARTS.map((part) => `${things[part].length} ${part}`).join(", ");
