/** The profiles that come with the program, and which of them a cluster's nodes get. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseProfile, type Profile } from "./render/profile.ts";
import type { ClusterPlan } from "../plan/types.ts";

const FOLDER = join(import.meta.dirname, "profiles");

const loaded = new Map<string, Profile>();

function load(name: string): Profile {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const file = `${name}.yaml`;
  const profile = parseProfile(`ignition/profiles/${file}`, readFileSync(join(FOLDER, file), "utf8"));
  loaded.set(name, profile);
  return profile;
}

/** The names of the profiles of a cluster's members, in the order in which they are merged. */
export function profileNames(plan: Pick<ClusterPlan, "os" | "domainType">): string[] {
  return [
    "base",
    "metadata-local",
    "etcd",
    ...(plan.domainType === "qemu" ? ["etcd-emulated"] : []),
    ...(plan.os === "container-linux" || plan.os === "flatcar" ? ["no-updates"] : []),
  ];
}

/** The profiles of a cluster's members. @throws RenderError where one is no YAML. */
export const profilesOf = (plan: Pick<ClusterPlan, "os" | "domainType">): Profile[] =>
  profileNames(plan).map(load);
