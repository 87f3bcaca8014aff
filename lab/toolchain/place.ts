/** Putting files and links into the lab, only where they are not there yet. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

const temporary = (path: string): string => `${path}.${randomBytes(6).toString("hex")}.new`;

/** Makes `path` a link to `target`; whatever was there is replaced in one step. */
export async function placeLink(target: string, path: string): Promise<void> {
  if ((await readlink(path).catch(() => undefined)) === target) return;
  await mkdir(dirname(path), { recursive: true });
  const link = temporary(path);
  await symlink(target, link);
  try {
    await rename(link, path);
  } catch {
    await rm(path, { recursive: true, force: true }); // a folder can't be replaced by a rename
    await rename(link, path);
  }
}

/** Makes `path` a file with this text and mode. */
export async function placeFile(path: string, text: string, mode: number): Promise<void> {
  if ((await readFile(path, "utf8").catch(() => undefined)) === text) return;
  await mkdir(dirname(path), { recursive: true });
  const file = temporary(path);
  await writeFile(file, text, { mode });
  await rename(file, path);
}
