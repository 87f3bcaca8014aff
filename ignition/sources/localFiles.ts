/** Files beside a config that it takes in (`contents.local`). */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { RenderError } from "../errors.ts";
import type { Document } from "../render/document.ts";
import { located } from "../render/document.ts";
import { isMap, type Value, type ValueMap } from "../render/values.ts";

/** What is wrong with a file that a config names; undefined where it can be read. */
function problemOf(path: string): string | undefined {
  try {
    if (statSync(path).isDirectory()) return "is a folder";
    readFileSync(path);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? "does not exist" : `can't be read (${code ?? message})`;
  }
}

/**
 * A Container Linux Config whose `contents.local` are absolute paths, so that files of several folders can be merged: ct gets
 * `/` as its -files-dir. As for ct, a path counts from the folder even where it begins with `/`.
 * @throws RenderError naming every file that can't be read, with the line that names it.
 */
export function absoluteLocals(document: Document, folder: string): Document {
  const files = isMap(document.value["storage"]) ? document.value["storage"]["files"] : undefined;
  if (!Array.isArray(files)) return document;
  const problems: string[] = [];
  const moved = files.map((file, index): Value => {
    const contents = isMap(file) ? file["contents"] : undefined;
    const local = isMap(contents) ? contents["local"] : undefined;
    if (!isMap(file) || !isMap(contents) || typeof local !== "string" || local === "") return file;
    const path = join(folder, local);
    const problem = problemOf(path);
    if (problem !== undefined) {
      const origin = document.originOf(["storage", "files", index, "contents", "local"]);
      problems.push(located(origin, `the local file ${local} ${problem}; it is looked for in ${folder}`));
    }
    return { ...file, contents: { ...contents, local: path } };
  });
  if (problems.length > 0) throw new RenderError(problems.join("\n"));
  const storage = { ...(document.value["storage"] as ValueMap), files: moved };
  return { ...document, value: { ...document.value, storage } };
}

/** Keys of Container Linux Config and Butane whose values name local files, or folders. */
const LOCAL_KEYS = ["local", "contents_local", "ssh_authorized_keys_local"];

function pathsIn(value: Value, key?: string | number): string[] {
  if (typeof value === "string") return LOCAL_KEYS.includes(String(key)) ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((item) => pathsIn(item, isMap(item) ? undefined : key));
  if (isMap(value)) return Object.entries(value).flatMap(([name, inner]) => pathsIn(inner, name));
  return [];
}

function feed(hash: ReturnType<typeof createHash>, path: string, base: string): void {
  const stats = statSync(path);
  hash.update(`${relative(base, path)}\0${stats.mode}\0`);
  if (stats.isDirectory()) {
    for (const name of readdirSync(path).sort()) feed(hash, join(path, name), base);
  } else if (stats.isFile()) hash.update(readFileSync(path));
}

/** A hash of all local files that a config names, as they are now: what a transpiler makes of the config hangs on them. */
export function digestOfLocals(value: ValueMap, folder: string): string {
  const hash = createHash("sha256");
  for (const path of pathsIn(value)) {
    try {
      feed(hash, join(folder, path), folder);
    } catch {
      hash.update(`${path} can't be read\0`); // the transpiler says so, with the place
    }
  }
  return hash.digest("hex");
}
