/** The profiles that come with the program, as files. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { profileFiles } from "./families.ts";
import { parseProfile, type Profile } from "./render/profile.ts";
import type { ClusterPlan, NodePlan } from "../plan/types.ts";

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

/**
 * A node's profiles: those that the plan names, in the files that its system needs for them, and what every node of the system
 * has; in the order in which they are merged.
 * @param joining whether it is a member that joins a cluster which is there.
 * @throws RenderError where one is no YAML.
 */
export const profilesOf = (plan: ClusterPlan, node: Pick<NodePlan, "profiles">, joining = false): Profile[] =>
  profileFiles(plan, node, joining).map(load);
