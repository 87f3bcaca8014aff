/** Words that somebody else has chosen (marks, names and paths on a shared host), as they can be shown on a terminal. */

/** What a terminal obeys instead of showing it, and what would end a line or turn the order of the letters round. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The text with such characters as `\u{9b}`: nothing in it moves the cursor, clears the screen or begins a line. */
export const visible = (text: string): string =>
  text.replace(HIDDEN, (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`);

/** A value as JSON that says the same with nothing of the kind in it: JSON itself escapes the oldest of them alone. */
export const visibleJson = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(/[\u007f-\u009f]|(?!\n)[\p{Cf}\p{Zl}\p{Zp}]/gu, (letter) =>
    Array.from({ length: letter.length }, (_, at) => letter.charCodeAt(at))
      .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
      .join(""),
  );
