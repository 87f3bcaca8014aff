/** "Did you mean": the known word that is nearest to a mistyped one. */

/**
 * How many letters must be put in, taken out, changed, or swapped with the next (optimal string alignment, a form of
 * Damerau-Levenshtein's distance).
 */
function distance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= from.length; row++) {
    rows.push([row]);
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const best = Math.min(
        at(row - 1, column - 1) + (same ? 0 : 1),
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        swapped ? at(row - 2, column - 2) + 1 : Infinity,
      );
      rows[row]?.push(best);
    }
  }
  return at(from.length, to.length);
}

/** Whether the letters of a word stand in another in their order: sshKeys in sshAuthorizedKeys. */
function isWithin(word: string, whole: string): boolean {
  let at = 0;
  for (const letter of whole) if (letter === word[at]) at++;
  return at === word.length;
}

const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");

/** The known word most like this one, or undefined where none is near enough to be meant. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const letters = plain(word);
  // Nothing so long is a mistyped word; and the distance costs the product of the lengths.
  if (letters.length > 40) return undefined;
  const [best] = known
    .map((candidate) => ({ candidate, far: distance(letters, plain(candidate)) }))
    .sort((a, b) => a.far - b.far);
  if (best !== undefined && best.far <= Math.max(1, Math.floor(word.length / 3))) return best.candidate;
  const rest = [
    known.filter((candidate) => letters.length >= 3 && plain(candidate).startsWith(letters)),
    known.filter((candidate) => letters.length >= 4 && isWithin(letters, plain(candidate))),
  ];
  return rest.find((candidates) => candidates.length === 1)?.[0];
}
