/** Small words that several checks say. */
import { formatSize } from "../../plan/sizes.ts";
import type { Output, Situation, Verdict } from "./types.ts";

/** The first line of what a program complained of, without its own "error:". */
export const complaint = ({ stderr, stdout, code }: Output): string => {
  const line = (stderr.trim() || stdout.trim()).split("\n").find((one) => one.trim() !== "") ?? "";
  return line.replace(/^error: /, "").trim() || `exit code ${code}`;
};

/** Bytes for people: "1.5 GiB", "512 MiB". */
export const sized = (bytes: number): string => {
  const gib = bytes / 2 ** 30;
  return gib >= 1 ? `${Number(gib.toFixed(1))} GiB` : formatSize(bytes).replace("MiB", " MiB");
};

export const ok = (found: string, why: string): Verdict => ({ level: "ok", found, why });

/** What could not be looked at is said, never taken for right. */
export const unproven = (what: string, reason: string, why: string, remedy?: string): Verdict => ({
  level: "note",
  found: `not checked: ${what} (${reason})`,
  why,
  ...(remedy === undefined ? {} : { remedy }),
});

/** Why nothing can be run on the host. */
export const noShell = ({ uri }: Pick<Situation, "uri">): string =>
  `${uri} gives no way to run a program on the host; a qemu+ssh:// connection does`;

/** Where the doctor has to be run to see more. */
export const asRootHere = (
  shell: { readonly local: boolean; readonly name: string },
  options = "",
): string =>
  shell.local
    ? `sudo npm run cluster -- doctor${options}`
    : `npm run cluster -- doctor --connect qemu+ssh://root@${shell.name}/system${options}`;
