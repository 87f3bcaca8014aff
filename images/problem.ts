/** Why an image can't be used, and words for messages about images. */

/** A failure that is the user's to mend. */
export class ImageProblem extends Error {
  override name = "ImageProblem";
  /** A command that mends it. */
  readonly remedy: string | undefined;

  /** @param message what would be right, and what was found instead */
  constructor(message: string, remedy?: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

/** Says what goes on: one line a call. */
export type Report = (line: string) => void;

/** "12.3 MB", in decimal units as downloads are given. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 99.95e6 ? 1 : 0)} MB`;

/** Whether an image's source is a URL; anything else is a path. */
export const isUrl = (source: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(source);

/** A URL for messages: without user, password, query and fragment, which may be secrets. Paths come back as they are. */
export function shown(source: string): string {
  if (!isUrl(source) || !URL.canParse(source)) return source;
  const url = new URL(source);
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** A word for a shell: quoted where it holds more than plain letters. */
export const quote = (word: string): string =>
  /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

export const errorCode = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : String(error));

/** Whether a write failed since there is no room: on the disk, in the quota, or under `ulimit -f`. */
const isFull = (error: unknown): boolean => ["ENOSPC", "EDQUOT", "EFBIG"].includes(errorCode(error));

/** Turns the errors of a full disk into one that says where room is needed; all others are rethrown as they are. */
export function asFullDisk(error: unknown, folder: string): never {
  if (!isFull(error)) throw error;
  throw noRoom(`there is no room left in ${folder} (${errorCode(error)})`, error);
}

/** What is said where the cache has no room. */
export const noRoom = (found: string, cause?: unknown): ImageProblem =>
  new ImageProblem(
    `room for the image in the cache; ${found}: free some (npm run image -- clean), or set CLUSTER_CACHE_DIR to a ` +
      "folder on another disk",
    undefined,
    cause === undefined ? {} : { cause },
  );

/** A `report` that lets through at most one line in so many milliseconds. */
export function throttled(report: Report, milliseconds = 2000): Report {
  let last = -Infinity;
  return (line) => {
    if (performance.now() - last < milliseconds) return;
    last = performance.now();
    report(line);
  };
}

/** What the system says where no way leads to a server, or nobody knows its name. */
const NO_WAY = /\b(ENETUNREACH|EHOSTUNREACH|ENETDOWN|EAI_AGAIN|ENOTFOUND)\b/;

/**
 * A source that can't be reached, after all attempts. Where no way leads out, the image can be fetched from elsewhere on the
 * machine: the cache is the same.
 * @param reason the system's words
 */
export function unreachable(url: string, reason: string): ImageProblem {
  const hint = NO_WAY.test(reason)
    ? ". Where Pulumi runs in a place without a way out, as the lab is, the image must be in the cache before: outside " +
      `of it, npm run image -- fetch ${quote(shown(url))} --sha256 '<what its publisher gives>' brings it there`
    : "";
  return new ImageProblem(`a source that can be reached; ${shown(url)}: ${reason}${hint}`);
}
