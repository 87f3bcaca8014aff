/** Settings that make a plan, for tests to change. */
import assert from "node:assert/strict";
import type { RawSettings } from "../../../plan/raw.ts";
import {
  ConfigError,
  makePlan,
  type ClusterPlan,
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

/** Raw settings that are right, with some values changed; `undefined` takes a value out. */
export function settings(
  changes: Record<string, unknown> = {},
  more: Partial<RawSettings> = {},
): RawSettings {
  const all = Object.entries<unknown>({ ...values, ...changes }).filter(([, value]) => value !== undefined);
  return { stack: "dev", values: Object.fromEntries(all), secretKeys: [], image: { image }, ...more };
}

export const plan = (changes: Record<string, unknown> = {}, more: Partial<RawSettings> = {}): ClusterPlan =>
  makePlan(settings(changes, more));

/** The problems of settings; none where they make a plan. */
export function problems(
  changes: Record<string, unknown>,
  more: Partial<RawSettings> = {},
): readonly Problem[] {
  try {
    plan(changes, more);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** The only problem of settings. */
export function problem(changes: Record<string, unknown>, more: Partial<RawSettings> = {}): Problem {
  const [first, ...others] = problems(changes, more);
  assert.ok(first, "these settings make a plan");
  assert.deepEqual(others, []);
  return first;
}
