/** Words for a shell on another machine: ssh joins what it is given with blanks and hands it to the user's login shell. */

/** What no shell takes for anything but itself. `~` and `=` are safe inside a word, not at its beginning. */
const PLAIN = /^[A-Za-z0-9_/.:,@%+-][A-Za-z0-9_/.:,@%+=~-]*$/;

/** A word holds what can't be a program's argument, or what shells that are not POSIX ones would take apart. */
export class ShellWordError extends Error {
  override name = "ShellWordError";
}

/**
 * `text` as one word of a POSIX shell: inside single quotes everything stands for itself.
 * @throws ShellWordError for text with a NUL, which no argument can hold, or a line's end, which csh won't have in quotes.
 */
export function shellWord(text: string): string {
  if (/[\0\r\n]/.test(text))
    throw new ShellWordError(
      `${JSON.stringify(text)} holds a line's end or a NUL: it can't be passed to a shell.`,
    );
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A command line that a POSIX shell takes apart into just these words. */
export const shellCommand = (words: readonly string[]): string => words.map(shellWord).join(" ");
