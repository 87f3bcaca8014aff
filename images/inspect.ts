/** Looks at the base image: whether it is one, how large its disk is, and what its content's identity is. */
import { closeSync, openSync, readSync, statSync, type Stats } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import type { ImageFinding } from "../plan/raw.ts";
import { contentIdentity } from "./identity.ts";
import { diskFormat } from "./format.ts";

/** Enough for the header of every format that is told apart, and for a raw disk's partition table. */
const HEADER_LENGTH = 1024;

function readHeader(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const header = Buffer.alloc(HEADER_LENGTH);
    return header.subarray(0, readSync(file, header, 0, HEADER_LENGTH, 0));
  } finally {
    closeSync(file);
  }
}

const errorCode = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

/**
 * What the config's `image` is.
 * @param value a path: absolute, from `folder`, or with `~/` in front.
 * @param folder what relative paths start from; Pulumi runs a program in its project's folder.
 */
export function inspectImage(value: string, folder: string = process.cwd()): ImageFinding {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) {
    return { problem: "a file on this machine; download and unpack the image first, then give its path" };
  }
  const path = value.startsWith("~/") ? resolve(homedir(), value.slice(2)) : resolve(folder, value);
  let stat: Stats;
  let header: Buffer;
  try {
    stat = statSync(path);
    if (!stat.isFile())
      return { problem: `a file; ${path} is ${stat.isDirectory() ? "a folder" : "something else"}` };
    header = readHeader(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return { problem: `an existing file; there is no ${path}` };
    return { problem: `a file that can be read; ${path} can't be (${code})` };
  }
  const disk = diskFormat(header, stat.size);
  if ("problem" in disk) return { problem: `${disk.problem} (${path})` };
  try {
    return { image: { kind: "file", path, sha256: contentIdentity(path), ...disk } };
  } catch (error) {
    return { problem: `a file that can be read to its end; ${path} can't be (${errorCode(error)})` };
  }
}
