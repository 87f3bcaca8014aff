/** Snapshots of a host in files. */
import { readFile, writeFile } from "node:fs/promises";
import { PARTS, REASONS, type Snapshot, VERSION } from "../../host/snapshot/types.ts";
import { field, list, parsed } from "../http.ts";
import { messageOf, UserError } from "../ui/errors.ts";

/** @throws UserError when the file can't be written */
export async function saveSnapshot(file: string, snapshot: Snapshot): Promise<void> {
  try {
    // It tells files, packet filters and settings that only root may read.
    await writeFile(file, `${JSON.stringify(snapshot, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new UserError(`the snapshot can't be written: ${messageOf(error)}`);
  }
}

const isUnseen = (value: unknown): boolean =>
  typeof field(value, "what") === "string" &&
  PARTS.some((part) => part === field(value, "part")) &&
  REASONS.some((why) => why === field(value, "why"));

/** Whether a parsed file is a snapshot that this version understands. Pure. */
export function isSnapshot(value: unknown): value is Snapshot {
  const [things, unseen] = [field(value, "things"), field(value, "unseen")];
  return (
    field(value, "version") === VERSION &&
    typeof field(value, "host") === "string" &&
    typeof field(value, "taken") === "string" &&
    Array.isArray(unseen) &&
    list(unseen).every(isUnseen) &&
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
