/** A file that appears whole or not at all: written beside its place under a name of its own, then moved there. */
import { existsSync } from "node:fs";
import { type FileHandle, link, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "../ui/errors.ts";

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "";

const taken = (path: string): UserError =>
  new UserError(`${path} exists, and is left as it is. Name another file, or say --overwrite`);

export interface Part {
  readonly path: string;
  write(bytes: Buffer): Promise<void>;
  /** To the disk; nothing is written afterwards. */
  close(): Promise<void>;
  /** Gives the file its name. @throws UserError where there is one of that name and it may not be replaced */
  keep(): Promise<void>;
  /** Removes it, unless it has been kept. */
  drop(): Promise<void>;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** What an earlier run that was killed left under the name is replaced. For its owner alone: it holds all of a cluster's data. */
async function opened(part: string): Promise<FileHandle> {
  await rm(part, { force: true });
  return await open(part, "wx", 0o600);
}

/**
 * Begins `path` as `path.part`.
 * @throws UserError where `path` exists and `overwrite` is not said, or where nothing can be written
 */
export async function beginPart(path: string, overwrite: boolean): Promise<Part> {
  if (!overwrite && existsSync(path)) throw taken(path);
  const part = `${path}.part`;
  const file = await opened(part).catch((error: unknown) => {
    throw new UserError(`${part} can't be written: ${(error as Error).message}`);
  });
  const { ino } = await file.stat();
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await file.sync().finally(() => file.close());
  };
  /** Whether the file under the part's name is still this one: a second run to the same file begins it anew. */
  const isOurs = async (): Promise<boolean> =>
    await stat(part).then(
      (found) => found.ino === ino,
      () => false,
    );
  return {
    path: part,
    write: async (bytes) => {
      try {
        await file.writeFile(bytes);
      } catch (error) {
        throw new UserError(`${part} can't be written: ${(error as Error).message}`, { cause: error });
      }
    },
    close,
    keep: async () => {
      await close();
      if (!(await isOurs()))
        throw new UserError(`another run writes ${path} at the same time; it is left to that one`);
      if (overwrite) await rename(part, path);
      else {
        // Unlike a rename, a link never replaces what came there meanwhile.
        await link(part, path).catch((error: unknown) => {
          throw codeOf(error) === "EEXIST" ? taken(path) : error;
        });
        await rm(part);
      }
      await syncFolder(path);
    },
    drop: async () => {
      await close().catch(() => undefined);
      if (await isOurs()) await rm(part, { force: true });
    },
  };
}
