/** Sizes, ages and counts as people read them. */
import { visible } from "../../host/visible.ts";

/** "512 MiB", "1.5 GiB": three digits at the most. */
export function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = value < 9.95 && !Number.isInteger(value) ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit] ?? ""}`;
}

/** "40 s", "5 min", "3 h", "12 d": the largest unit of which there are two, or the smallest. */
export function age(from: Date, now: Date): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - from.getTime()) / 1000));
  const units: readonly (readonly [number, string])[] = [
    [86_400, "d"],
    [3600, "h"],
    [60, "min"],
  ];
  const [length, name] = units.find(([unit]) => seconds >= 2 * unit) ?? [1, "s"];
  return `${Math.floor(seconds / length)} ${name}`;
}

/** "3 running", "2 of 3 running", "3 off", or what else they are. */
export function states(all: readonly string[]): string {
  const running = all.filter((state) => state === "running").length;
  if (running === all.length) return `${running} running`;
  const off = all.filter((state) => state === "shut off").length;
  if (off === all.length) return `${off} off`;
  return `${running} of ${all.length} running`;
}

/** An owner's id as short as a commit's; enough to name one on a host. */
export const shortOwner = (owner: string): string => visible(owner.slice(0, 8));
