/** Memory and disks. */
import * as z from "zod/mini";
import { OS_TRAITS } from "../os.ts";
import { formatSize, GIB, MIB, parseSize } from "../sizes.ts";
import type { OsFamily } from "../types.ts";
import { refuse } from "./parts.ts";

/** What the limits of sizes depend on. */
export interface SizeContext {
  readonly os: OsFamily | undefined;
  /** The image's virtual size in bytes, where the image is a file that could be read. */
  readonly virtualSize: number | undefined;
}

/** Least disk where the image's size is not known: any system and a small etcd. */
const LEAST_DISK = GIB;
const MOST_MEMORY = 4096 * GIB;
const MOST_DISK = 65536 * GIB;

/** What other units are written as here: "2GB" and "2G" are mostly meant as 2GiB. */
function guess(value: string | number): string | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([mgt])(?:i?b)?$/i.exec(String(value).trim());
  return match === null ? undefined : `${match[1] ?? ""}${match[2]?.toUpperCase() ?? ""}iB`;
}

/** Whether a size has no unit. */
const isPlain = (value: string | number): boolean => !/[a-z]/i.test(String(value));

/** Plain numbers of MiB that nobody means: they are GiB (2) below the least, and bytes (2147483648) above the most. */
function guessPlain(value: string | number, least: number, most: number): string | undefined {
  const number = Number(value);
  const meant = number <= 64 ? number * GIB : number;
  return meant >= least && meant <= most && meant % MIB === 0 ? formatSize(meant) : undefined;
}

/** A size in bytes between two bounds. `why` says where the lower one comes from. */
const size = (plainUnit: number, least: number, most: number, why: string) => {
  const unit = plainUnit === MIB ? "MiB" : "GiB";
  const word = formatSize(least);
  return z.pipe(
    z.union([z.number(), z.string()]),
    z.transform((value, context): number => {
      const bytes = parseSize(value, plainUnit);
      if (bytes === undefined) {
        const form = `a number of ${unit}, or a size such as "16GiB" (units: MiB, GiB, TiB)`;
        const meant = guess(value);
        const bytesMeant = meant === undefined ? 0 : (parseSize(meant, plainUnit) ?? 0);
        const fits = bytesMeant >= least && bytesMeant <= most && bytesMeant % MIB === 0;
        return refuse(context, form, { word: fits && meant !== undefined ? meant : word });
      }
      const counts = isPlain(value) ? `; a plain number counts in ${unit}` : "";
      const instead = (isPlain(value) && unit === "MiB" ? guessPlain(value, least, most) : undefined) ?? word;
      if (bytes < least) return refuse(context, `at least ${word}, ${why}${counts}`, { word: instead });
      if (bytes > most) return refuse(context, `at most ${formatSize(most)}${counts}`, { word: instead });
      if (bytes % MIB !== 0) return refuse(context, "a whole number of MiB");
      return bytes;
    }),
  );
};

export function memorySchema({ os }: SizeContext) {
  const floor = (os === undefined ? 1 : OS_TRAITS[os].memoryFloor) * MIB;
  return size(MIB, floor, MOST_MEMORY, `which ${os ?? "the system"} needs to boot`);
}

export function diskSchema({ virtualSize }: SizeContext) {
  const image = virtualSize === undefined ? 0 : Math.ceil(virtualSize / MIB) * MIB;
  return size(GIB, Math.max(image, LEAST_DISK), MOST_DISK, "since the disk begins as a copy of the image");
}
