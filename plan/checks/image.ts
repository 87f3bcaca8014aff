/** The base image: one of two ways, what was found out about it, and whether the system exists for the architecture. */
import { DEFAULTS } from "../defaults.ts";
import { known, type Draft } from "../draft.ts";
import { infoAt } from "../keys.ts";
import { OS_TRAITS } from "../os.ts";
import { isSecret, problemAt } from "../problems.ts";
import { removal, setting } from "../remedies.ts";
import { isMap } from "../schema/parts.ts";
import type { Problem } from "../errors.ts";
import type { RawSettings } from "../raw.ts";

const has = (raw: RawSettings, key: string): boolean => raw.values[key] !== undefined;

function sourceProblems(draft: Draft, raw: RawSettings): Problem[] {
  if (has(raw, "image") && has(raw, "baseVolume")) {
    const expected = "not set beside image: the disks lie over one or the other";
    return [problemAt(raw, ["baseVolume"], expected, removal(["baseVolume"]))];
  }
  if (!has(raw, "image") && !has(raw, "baseVolume")) {
    const { expected = "", example = "" } = infoAt(["image"]) ?? {};
    return [problemAt(raw, ["image"], expected, setting(raw.values, ["image"], example))];
  }
  if (draft.wrong.has("image") || raw.image === undefined || "image" in raw.image) return [];
  const at = isMap(raw.values["image"]) ? ["image", "source"] : ["image"];
  const another = setting(raw.values, at, "'<path or URL of a qcow2 or raw image>'");
  if (isSecret(raw, ["image"])) return [problemAt(raw, ["image"], "an image that can be used", another)];
  return [problemAt(raw, ["image"], raw.image.problem, raw.image.remedy ?? another)];
}

function archProblems(draft: Draft, raw: RawSettings): Problem[] {
  const arch = known(draft, "arch", DEFAULTS.arch);
  if (arch === undefined || draft.os === undefined) return [];
  const there = OS_TRAITS[draft.os].architectures;
  if (there.includes(arch)) return [];
  const expected = `${there.join(" or ")}: ${draft.os} exists for no other architecture`;
  return [problemAt(raw, ["arch"], expected, setting(raw.values, ["arch"], there[0] ?? DEFAULTS.arch))];
}

export const imageProblems = (draft: Draft, raw: RawSettings): Problem[] => [
  ...sourceProblems(draft, raw),
  ...archProblems(draft, raw),
];
