/** The one reader of Pulumi's config: hands the project's settings over as they were written. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { isUtf8 } from "node:buffer";
import * as pulumi from "@pulumi/pulumi";
import { isUrl } from "./images/problem.ts";
import { paced } from "./images/progress.ts";
import { resolveImage } from "./images/resolve.ts";
import { DEFAULTS } from "./plan/defaults.ts";
import { filesNamed } from "./plan/files.ts";
import { findProblems } from "./plan/index.ts";
import { isMisplaced } from "./plan/keys.ts";
import type { FileFinding, RawSettings } from "./plan/raw.ts";
import { imageRequestOf } from "./plan/schema/image.ts";
import { prefixIn } from "./plan/typed.ts";

/** Pulumi hands everything over as text: objects and lists as JSON, all else as it was typed. */
function plainValue(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text; // not JSON after all: the schema says what would be right
  }
}

/** The SDK knows which keys were set with --secret, but leaves this function out of its types. */
const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret: (key: string) => boolean };

/** Bytes. A node's whole config goes through fw_cfg or a small disk; what is larger is another file than was meant. */
const LARGEST_SOURCE = 2 ** 20;

const UNREADABLE: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: (path) => `an existing file; there is no ${path}`,
  ENOTDIR: (path) => `an existing file; there is no ${path}`,
  EACCES: (path) => `a file that can be read; you may not read ${path}`,
  ELOOP: (path) => `a file; ${path} is a link that leads to itself`,
};

/**
 * A file that the config names: its text, or why it can't be used.
 * @param source its path: absolute, from `folder`, or with `~/` in front.
 * @param folder what relative paths start from; Pulumi runs a program in its project's folder.
 */
export function readSource(source: string, folder: string = process.cwd()): FileFinding {
  const path = source.startsWith("~/") ? resolve(homedir(), source.slice(2)) : resolve(folder, source);
  try {
    // Not blocking: a named pipe without a writer would stop the program for good.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(file);
      if (!stat.isFile())
        return { problem: `a file; ${path} is ${stat.isDirectory() ? "a folder" : "something else"}` };
      if (stat.size > LARGEST_SOURCE)
        return { problem: `a file of 1 MiB at most; ${path} has ${stat.size} bytes` };
      const bytes = readFileSync(file);
      if (!isUtf8(bytes)) return { problem: `a text file in UTF-8; ${path} is something else` };
      return { file: { source, path, text: bytes.toString("utf8") } };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return { problem: UNREADABLE[code]?.(path) ?? `a file that can be read; ${path} can't be (${code})` };
  }
}

/**
 * The settings of the current stack, for `makePlan`: values unchecked, all keys (unknown ones too), and what was found
 * out about the files that they name. Fetches, verifies and unpacks the image the first time, with lines of progress;
 * after that it takes milliseconds. An image at a URL is left alone while anything else is wrong.
 */
export async function readSettings(): Promise<RawSettings> {
  const namespace = `${pulumi.getProject()}:`;
  // "" stands for a key that is not set: the default that Pulumi.yaml must give each key that it describes.
  const own = Object.entries(pulumi.runtime.allConfig()).filter(
    ([key, text]) => (key.startsWith(namespace) || isMisplaced(key, pulumi.getProject())) && text !== "",
  );
  const short = (key: string): string => (key.startsWith(namespace) ? key.slice(namespace.length) : key);
  const values = Object.fromEntries(own.map(([key, text]) => [short(key), plainValue(text)]));
  const secretKeys = own
    .map(([key]) => key)
    .filter(isConfigSecret)
    .map(short);
  const stack = pulumi.getStack();
  const files = filesNamed({ stack, values, secretKeys }).map(
    (source) => [source, readSource(source)] as const,
  );
  const request = imageRequestOf(values["image"]);
  const os = typeof values["os"] === "string" ? values["os"] : DEFAULTS.os;
  // What is ephemeral is shown on a terminal while it goes on, and not kept among the run's messages.
  const report = paced((line, passing) => void pulumi.log.info(line, undefined, undefined, passing));
  const commandPrefix = prefixIn(process.env);
  const settings: RawSettings = {
    stack,
    values,
    secretKeys,
    ...(commandPrefix === undefined ? {} : { commandPrefix }),
    ...(files.length === 0 ? {} : { files: Object.fromEntries(files) }),
  };
  // Nobody waits for a download to hear of a mistyped key.
  if (request === undefined || (isUrl(request.source) && findProblems(settings).length > 0)) return settings;
  return { ...settings, image: await resolveImage(request, os, report) };
}
