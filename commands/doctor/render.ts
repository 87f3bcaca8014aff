/** Findings for people. */
import { styleText } from "node:util";
import { LEVELS, type Finding, type Level } from "./types.ts";

const SIGNS: Readonly<Record<Level, string>> = { ok: "✔", note: "•", warning: "!", problem: "✖" };
const COLOURS = { ok: "green", note: "cyan", warning: "yellow", problem: "red" } as const;

/** Characters of the longest check's name, with a gap. */
const COLUMN = 13;

/**
 * One finding: a line, and what to do about it where it is not right.
 * @param stream colours only where it is a terminal (and NO_COLOR is not set).
 */
export function renderFinding(
  { id, level, found, why, remedy }: Finding,
  stream: NodeJS.WritableStream,
): string {
  const paint = (text: string): string => styleText(COLOURS[level], text, { stream });
  const indent = `\n${" ".repeat(4 + COLUMN)}`;
  const rest = level === "ok" ? "" : `${indent}${why}${remedy === undefined ? "" : `${indent}→ ${remedy}`}`;
  return `  ${paint(SIGNS[level])} ${id.padEnd(COLUMN)}${found}${rest}\n`;
}

/** "12 ok, 1 note, 0 warnings, 1 problem": how many of each. */
export function summary(findings: readonly Finding[]): string {
  const many: Readonly<Record<Level, string>> = {
    ok: "ok",
    note: "notes",
    warning: "warnings",
    problem: "problems",
  };
  return LEVELS.map((level) => {
    const count = findings.filter((finding) => finding.level === level).length;
    return `${count} ${count === 1 ? level : many[level]}`;
  }).join(", ");
}
