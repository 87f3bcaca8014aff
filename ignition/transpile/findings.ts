/** What the transpilers and the validator say on stderr, and whose file each word is about. Pure. */
import { located, originText, type Origin } from "../render/document.ts";
import type { Path } from "../render/values.ts";

export interface Finding {
  readonly fatal: boolean;
  readonly message: string;
  readonly origin: Origin | undefined;
}

const LEVEL = "(error|warning|info|deprecated)";
const AT_LINE = new RegExp(`^${LEVEL} at line (\\d+)(?:, column \\d+)?$`);
const AT_NOTHING = new RegExp(`^${LEVEL}: (.*)$`);
const AT_PATH = new RegExp(`^${LEVEL} at \\$([^ ,:]*)(?:, line \\d+ col \\d+)?: (.*)$`);

/** What comes at the end of every refusal and says nothing. */
const CLOSING =
  /^(?:Failed to parse config|Config produced warnings and --strict was specified|Error translating config: (?:source config is invalid|config generated was invalid))$/;

/**
 * ct's words: `warning at line 3, column 7`, and the message on the next line. YAML's own complaints have the line inside
 * the message.
 */
export function findingsOfCt(stderr: string, locate: (line: number) => Origin | undefined): Finding[] {
  const findings: { fatal: boolean; messages: string[]; origin: Origin | undefined }[] = [];
  for (const text of stderr.trim().split("\n")) {
    const [, level, line] = AT_LINE.exec(text) ?? [];
    const [, bare, message] = AT_NOTHING.exec(text) ?? [];
    if (level !== undefined) {
      findings.push({ fatal: level === "error", messages: [], origin: locate(Number(line)) });
    } else if (bare !== undefined) {
      findings.push({ fatal: bare === "error", messages: [message ?? ""], origin: undefined });
    } else if (text !== "" && !CLOSING.test(text)) {
      const last = findings.at(-1);
      if (last === undefined) findings.push({ fatal: true, messages: [text], origin: undefined });
      else last.messages.push(text);
    }
  }
  const inner = (message: string): string =>
    message.replace(/\bline (\d+)\b/g, (whole, line: string) => {
      const origin = locate(Number(line));
      return origin === undefined ? whole : originText(origin);
    });
  return findings.map(({ fatal, messages, origin }) => ({
    fatal,
    message: inner(messages.join(" ")),
    origin,
  }));
}

/** ign-converter's words about a wrong Ignition 2 config: its report as ct's, with the lines of the config between. */
export function findingsOfIgnition2(stderr: string, locate: (line: number) => Origin | undefined): Finding[] {
  const report = stderr.slice(Math.max(0, stderr.lastIndexOf("Error parsing spec v2 config")));
  const words = report
    .split("\n")
    .filter((line) => !/^\s+(?:\d+: |\^)|^Error parsing spec v2 config/.test(line))
    .join("\n");
  const findings = findingsOfCt(words, locate).filter(({ fatal }) => fatal);
  return findings.length > 0 ? findings : [{ fatal: true, message: report.trim(), origin: undefined }];
}

/** `.storage.files.0.path` as a path. */
const pathOf = (text: string): Path =>
  text
    .split(".")
    .filter((part) => part !== "")
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));

/** Words of butane and ignition-validate: `error at $.storage.files.0.path, line 8 col 25: path not absolute`. */
export function findingsByPath(stderr: string, originOf: (path: Path) => Origin | undefined): Finding[] {
  return stderr
    .trim()
    .split("\n")
    .filter((text) => text !== "" && !CLOSING.test(text))
    .map((text) => {
      const [, level, path, message] = AT_PATH.exec(text) ?? [];
      if (level === undefined) {
        return { fatal: true, message: text.replace(/^Error translating config: /, ""), origin: undefined };
      }
      return { fatal: level === "error", message: message ?? "", origin: originOf(pathOf(path ?? "")) };
    });
}

/** One line for a person. */
export const findingText = ({ message, origin }: Finding): string => located(origin, message);

/** The lines of a refusal, each once. */
export const findingLines = (findings: readonly Finding[]): string =>
  [...new Set(findings.map(findingText))].map((text) => `  ${text}`).join("\n");
