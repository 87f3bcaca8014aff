/** Looks at a file: whether it is a disk image, how large its disk is, and what its content's identity is. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { FileImage } from "../plan/types.ts";
import { diskFormat } from "./format.ts";
import { contentIdentity } from "./identity.ts";
import { errorCode, ImageProblem } from "./problem.ts";

/** Enough for the header of every format that is told apart, and for a raw disk's partition table. */
const HEADER_LENGTH = 1024;

/**
 * The first bytes of a file.
 * @throws ImageProblem where there is no file, or it can't be read
 */
export function readHeader(path: string): Buffer {
  try {
    const stat = statSync(path);
    if (!stat.isFile())
      throw new ImageProblem(`a file; ${path} is ${stat.isDirectory() ? "a folder" : "something else"}`);
    const file = openSync(path, "r");
    try {
      const header = Buffer.alloc(HEADER_LENGTH);
      return header.subarray(0, readSync(file, header, 0, HEADER_LENGTH, 0));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof ImageProblem) throw error;
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new ImageProblem(`an existing file; there is no ${path}`);
    throw new ImageProblem(`a file that can be read; ${path} can't be (${code})`);
  }
}

/**
 * The unpacked disk image that a file is.
 * @param path absolute
 * @throws ImageProblem where it is none, with what would be right
 */
export function imageAt(path: string): FileImage {
  const header = readHeader(path);
  const disk = diskFormat(header, statSync(path).size);
  if ("problem" in disk) throw new ImageProblem(`${disk.problem} (${path})`);
  try {
    return { kind: "file", path, sha256: contentIdentity(path), ...disk };
  } catch (error) {
    throw new ImageProblem(`a file that can be read to its end; ${path} can't be (${errorCode(error)})`);
  }
}
