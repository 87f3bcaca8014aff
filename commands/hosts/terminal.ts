/** What a serial console has shown, as text that can be read, searched and put into a file. */

/**
 * Control sequences of terminals (ECMA-48): CSI (colours, cursor), strings of OSC, DCS, SOS, PM and APC (titles), and the
 * short ones. One that is cut off by the line's end goes to there.
 */
const SEQUENCES =
  /\u001b(?:\[[0-?]*[ -/]*(?:[@-~]|$)|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\|$)|[ -/]*(?:[0-~]|$))/g;

/** Erase to the line's end, or the whole line; CAN, which no console sends for itself, stands for it. */
const ERASE = /\u001b\[[02]?K/g;
const ERASED = "\u0018";

/** Control characters but tabs, and what starts a sequence in eight bits. Backspaces and carriage returns are handled before. */
const CONTROL = /[\u0000-\u0007\u000a-\u001f\u007f-\u009f]/;

/** One line as it would stand on a screen: after a carriage return, or a backspace, what comes next is written over it. */
export function plainLine(line: string): string {
  const shown: string[] = [];
  let at = 0;
  for (const char of line.replaceAll(ERASED, "").replace(ERASE, ERASED).replace(SEQUENCES, "")) {
    if (char === "\r") at = 0;
    else if (char === ERASED) shown.length = Math.min(shown.length, at);
    else if (char === "\b") at = Math.max(0, at - 1);
    else if (!CONTROL.test(char)) shown[at++] = char;
  }
  return shown.join("").trimEnd();
}

/** Takes text as it comes, in pieces of any size, and gives whole lines, without their ends. */
export class Lines {
  #rest = "";

  /** The lines that end in this piece. */
  add(piece: string): string[] {
    const lines = (this.#rest + piece).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines;
  }

  /** What came after the last line's end, when no more comes. */
  end(): string[] {
    const rest = this.#rest;
    this.#rest = "";
    return rest === "" ? [] : [rest];
  }
}

/** The lines of a whole text, without their ends. */
export function linesIn(text: string): string[] {
  const lines = new Lines();
  return [...lines.add(text), ...lines.end()];
}

/** The last lines of a text; all of them where `count` is undefined. */
export const lastLines = (lines: readonly string[], count: number | undefined): readonly string[] =>
  count === undefined ? lines : count === 0 ? [] : lines.slice(-count);
