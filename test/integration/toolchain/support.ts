/** Labs of their own for the toolchain's tests. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LabContext } from "../../../lab/shared/context.ts";

export const checkout = join(import.meta.dirname, "../../..");

export interface Scratch {
  readonly folder: string;
  /** A lab and a cache in the folder. */
  readonly context: LabContext;
  readonly reports: string[];
  readonly remove: () => void;
}

/** @param cache another cache folder, to share what is built already. */
export function scratch(cache?: string): Scratch {
  const folder = mkdtempSync(join(tmpdir(), "toolchain-"));
  const lab = join(folder, "the lab");
  mkdirSync(lab);
  const reports: string[] = [];
  const paths = { checkout, lab, log: join(lab, "log"), cache: cache ?? join(folder, "cache") };
  return {
    folder,
    context: { paths, report: (detail) => reports.push(detail) },
    reports,
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
