/**
 * The cache of images, shared by all stacks of a user: contents by their sha256, and what is known of them.
 *
 *     contents/<sha256>.qcow2, .raw    unpacked images, never changed
 *     packed/<sha256>.json             fact: which content a published file unpacks to
 *     sha512/<sha512>.json             fact: which sha256 that file has
 *     trusted/<key>.json               which file a source was verified as, and how
 *     downloads/<key>/                 a download that is under way or broke off
 *     locks/, keys/                    locks; newer public keys (keys.ts)
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./identity.ts";
import { asFullDisk } from "./problem.ts";

/** What a published file, packed or not, unpacks to. */
export interface PackedFact {
  /** Of the published file. */
  readonly sha256: string;
  /** Of the image in it. */
  readonly content: string;
  readonly format: "qcow2" | "raw";
  /** Where it came from, for people: without secrets. */
  readonly source: string;
}

/** That a source was verified. */
export interface Trust {
  /** The sha256 of the published file that it was. */
  readonly sha256: string;
  /** How it was verified, for people. */
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
}

export const imagesFolder = (): string => join(cacheFolder(), "images");

/** A file name for any text. */
export const keyOf = (...parts: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 40);

/** What is below `imagesFolder()`. */
export const places = {
  content: (sha256: string, format: string): string =>
    join(imagesFolder(), "contents", `${sha256}.${format}`),
  /** Where a content is written before it has its name; its writer holds the lock of `key`. */
  unfinished: (key: string): string => join(imagesFolder(), "contents", `${key}.part`),
  download: (key: string): string => join(imagesFolder(), "downloads", key),
  lock: (key: string): string => join(imagesFolder(), "locks", `${key}.lock`),
};

type Kind = "packed" | "sha512" | "trusted";

const noteFile = (kind: Kind, key: string): string => join(imagesFolder(), kind, `${key}.json`);

function readNote(kind: Kind, key: string): unknown {
  try {
    return JSON.parse(readFileSync(noteFile(kind, key), "utf8"));
  } catch {
    return undefined; // not there, or cut off: it is made anew
  }
}

function writeNote(kind: Kind, key: string, note: object): void {
  const file = noteFile(kind, key);
  const part = `${file}.${process.pid}`;
  try {
    mkdirSync(join(imagesFolder(), kind), { recursive: true, mode: 0o700 });
    writeFileSync(part, JSON.stringify(note), { mode: 0o600 });
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    asFullDisk(error, imagesFolder());
  }
}

const isDigest = (value: unknown): value is string =>
  typeof value === "string" && /^[0-9a-f]{64}$/.test(value);

export function packedFact(sha256: string): PackedFact | undefined {
  const note = readNote("packed", sha256) as PackedFact | undefined;
  const sound = note?.sha256 === sha256 && isDigest(note.content) && ["qcow2", "raw"].includes(note.format);
  return sound ? note : undefined;
}

export const notePacked = (fact: PackedFact): void => {
  writeNote("packed", fact.sha256, fact);
};

/** The sha256 of a file that was seen with this sha512. */
export function sha256Of(sha512: string): string | undefined {
  const note = readNote("sha512", sha512) as { sha256?: unknown } | undefined;
  return isDigest(note?.sha256) ? note.sha256 : undefined;
}

export const noteSha512 = (sha512: string, sha256: string): void => {
  writeNote("sha512", sha512, { sha256 });
};

export function trustOf(key: string): Trust | undefined {
  const note = readNote("trusted", key) as Trust | undefined;
  return isDigest(note?.sha256) ? note : undefined;
}

export const noteTrust = (key: string, trust: Trust): void => {
  writeNote("trusted", key, trust);
};

export const dropTrust = (key: string): void => {
  rmSync(noteFile("trusted", key), { force: true });
};

/** All facts whose content is there, with its size in bytes and when it was made. */
export function storedImages(): readonly (PackedFact & { readonly bytes: number; readonly made: Date })[] {
  const names = readdirOrNone(join(imagesFolder(), "packed")).filter((name) => name.endsWith(".json"));
  return names.flatMap((name) => {
    const fact = packedFact(name.slice(0, -".json".length));
    const stat = fact && statSync(places.content(fact.content, fact.format), { throwIfNoEntry: false });
    return fact === undefined || stat === undefined ? [] : [{ ...fact, bytes: stat.size, made: stat.mtime }];
  });
}

function readdirOrNone(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What nobody has touched for so long was left by a run that was killed, and is of no use for going on. */
const FORGOTTEN_MILLISECONDS = 7 * 24 * 3600 * 1000;

/** Removes what killed runs have left and nobody has come back for. */
export function sweep(now = Date.now()): void {
  const downloads = readdirOrNone(join(imagesFolder(), "downloads")).map((name) => places.download(name));
  const parts = readdirOrNone(join(imagesFolder(), "contents"))
    .filter((name) => name.endsWith(".part"))
    .map((name) => join(imagesFolder(), "contents", name));
  for (const path of [...downloads, ...parts]) {
    // A folder's own time stands still while the file in it grows.
    const times = [path, join(path, "part"), join(path, "whole")].map(
      (one) => statSync(one, { throwIfNoEntry: false })?.mtimeMs ?? 0,
    );
    if (Math.max(...times) < now - FORGOTTEN_MILLISECONDS) rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Empties the cache of images. What URLs were verified as is kept: where the publisher has put another file there since,
 * the next run says so.
 */
export function removeImages(): void {
  for (const folder of ["contents", "packed", "sha512", "downloads"])
    rmSync(join(imagesFolder(), folder), { recursive: true, force: true });
}
