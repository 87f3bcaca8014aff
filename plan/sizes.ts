/** Sizes as people write them: "512MiB", "1.5GiB", or a plain number in the unit that the key says. */

export const MIB = 2 ** 20;
export const GIB = 2 ** 30;

const UNITS: Readonly<Record<string, number>> = { MiB: MIB, GiB: GIB, TiB: 2 ** 40 };

/**
 * Bytes of a size (not always a whole number of them), or undefined where it is none.
 * @param plainUnit bytes that a number without a unit counts in.
 */
export function parseSize(value: string | number, plainUnit: number): number | undefined {
  const match = /^(\d+(?:\.\d+)?) *([KMGT]iB)?$/.exec(String(value).trim());
  if (match === null) return undefined;
  const [, digits = "", unit] = match;
  const factor = unit === undefined ? plainUnit : UNITS[unit];
  if (factor === undefined) return undefined;
  const bytes = Number(digits) * factor;
  return Number.isFinite(bytes) ? bytes : undefined;
}

/** A size for people and for config: the largest unit that gives a whole number, "1536MiB". */
export function formatSize(bytes: number): string {
  if (bytes >= GIB && bytes % GIB === 0) return `${bytes / GIB}GiB`;
  return `${Math.ceil(bytes / MIB)}MiB`;
}
