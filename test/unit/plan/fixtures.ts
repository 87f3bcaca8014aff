/** Settings that make a plan, for tests to change. */
import assert from "node:assert/strict";
import type { RawSettings } from "../../../plan/raw.ts";
import {
  ConfigError,
  makePlan,
  type ClusterPlan,
  filesNamed,
  type FileFinding,
  type FileImage,
  type Problem,
} from "../../../plan/index.ts";

/** A well-formed ssh-ed25519 key whose 32 bytes are all alike. */
export function publicKey(fill = 7, comment = "alice@laptop"): string {
  const type = Buffer.from("ssh-ed25519");
  const length = (size: number): Buffer => Buffer.from([0, 0, 0, size]);
  const blob = Buffer.concat([length(type.length), type, length(32), Buffer.alloc(32, fill)]);
  return `ssh-ed25519 ${blob.toString("base64")} ${comment}`;
}

export const image: FileImage = {
  kind: "file",
  path: "/images/lab.qcow2",
  sha256: "ab".repeat(32),
  format: "qcow2",
  virtualSize: 967 * 2 ** 20,
};

export const values = { os: "lab", image: image.path, sshAuthorizedKeys: [publicKey()] };

/** What is found at a path that a config names: nothing where its name says "none". */
export const finding = (source: string): FileFinding =>
  source.includes("none")
    ? { problem: `an existing file; there is no ${source}` }
    : {
        file: { source, path: source.replace(/^\.\//, "/project/"), text: "variant: fcos\nversion: 1.4.0\n" },
      };

/**
 * Raw settings that are right, with some values changed; `undefined` takes a value out.
 * @param base what is changed: settings that are right, if not said otherwise.
 */
export function settings(
  changes: Readonly<Record<string, unknown>> = {},
  more: Partial<RawSettings> = {},
  base: Readonly<Record<string, unknown>> = values,
): RawSettings {
  const all = Object.entries<unknown>({ ...base, ...changes }).filter(([, value]) => value !== undefined);
  const raw = { stack: "dev", values: Object.fromEntries(all), secretKeys: [], ...more };
  const files = Object.fromEntries(filesNamed(raw).map((source) => [source, finding(source)]));
  return { files, image: { image }, ...raw };
}

export const plan = (
  changes: Readonly<Record<string, unknown>> = {},
  more: Partial<RawSettings> = {},
): ClusterPlan => makePlan(settings(changes, more));

/** The problems of settings; none where they make a plan. */
export function problems(
  changes: Readonly<Record<string, unknown>>,
  more: Partial<RawSettings> = {},
  base: Readonly<Record<string, unknown>> = values,
): readonly Problem[] {
  try {
    makePlan(settings(changes, more, base));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** The only problem of settings. */
export function problem(
  changes: Readonly<Record<string, unknown>>,
  more: Partial<RawSettings> = {},
): Problem {
  const [first, ...others] = problems(changes, more);
  assert.ok(first, "these settings make a plan");
  assert.deepEqual(others, []);
  return first;
}
