/** What the look at a host printed, taken apart. Pure. */
import type { Part, Reason, Unseen } from "./types.ts";

export interface Section {
  readonly lines: readonly string[];
  /** What programs complained about. */
  readonly complaints: readonly string[];
}

export type Sections = ReadonlyMap<string, Section>;

/** The sections of the script's output by their names; lines before the first one are the login shell's. */
export function sectionsOf(output: string, mark: string): Sections {
  const sections = new Map<string, { lines: string[]; complaints: string[] }>();
  let current = { lines: [] as string[], complaints: [] as string[] };
  for (const line of output.split("\n")) {
    if (line.startsWith(`${mark} `))
      sections.set(line.slice(mark.length + 1), (current = { lines: [], complaints: [] }));
    else if (line.startsWith(`${mark}: `)) current.complaints.push(line.slice(mark.length + 2).trim());
    else if (line.trim() !== "") current.lines.push(line.trim());
  }
  return sections;
}

/** Programs' complaints about a file: `cksum: /etc/shadow: Permission denied`. */
const ABOUT_FILE = /^[\w-]+: '?(\/.*?)'?: ([^:]+)$/;

const NOT_ALLOWED = /permission denied|not permitted|must be root/i;

/** What is not there at all: it vanished meanwhile, or the kernel knows nothing of the kind. */
const NOT_THERE = /no such file|not supported|unsupported|does not exist|not found/i;

/** Settings that can only be written. */
const WRITE_ONLY = /\/(?:flush|compact_memory|drop_caches|stat_refresh|register|stats_clear)$/;

const reasonOf = (complaint: string): Reason | undefined => {
  if (complaint === "missing") return "no tool";
  if (NOT_ALLOWED.test(complaint)) return "not allowed";
  return NOT_THERE.test(complaint) || complaint.startsWith("#") ? undefined : "failed";
};

function unseenFile(part: Part, path: string, why: Reason, isRoot: boolean): Unseen[] {
  // What root may not read nobody may, and a setting that answers with an error has no value.
  if (part === "settings" && (isRoot || why !== "not allowed" || WRITE_ONLY.test(path))) return [];
  return [{ part, what: path, why }];
}

/** What the complaints of a section say was not looked at; `whole` is what they are about where they name no file. */
export function unseenOf(
  part: Part,
  { complaints }: Section,
  { isRoot, whole = "" }: { readonly isRoot: boolean; readonly whole?: string },
): Unseen[] {
  const all = complaints.flatMap((complaint): Unseen[] => {
    const why = reasonOf(complaint);
    if (why === undefined) return [];
    const path = ABOUT_FILE.exec(complaint)?.[1];
    return path === undefined || part === "filters"
      ? [{ part, what: whole, why }]
      : unseenFile(part, path, why, isRoot);
  });
  return [...new Map(all.map((one) => [one.what, one])).values()];
}
