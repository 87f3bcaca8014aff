/** The checks of settings against each other, and against what was found out about files. */
import type { Draft } from "../draft.ts";
import type { Problem } from "../errors.ts";
import type { RawSettings } from "../raw.ts";
import { dockerProblems } from "./docker.ts";
import { etcdProblems } from "./etcd.ts";
import { fileProblems } from "./files.ts";
import { hostProblems } from "./hosts.ts";
import { imageProblems } from "./image.ts";
import { nameProblems } from "./names.ts";
import { profileProblems } from "./profiles.ts";

export const crossProblems = (draft: Draft, raw: RawSettings): Problem[] => [
  ...nameProblems(draft, raw),
  ...hostProblems(draft, raw),
  ...imageProblems(draft, raw),
  ...profileProblems(draft, raw),
  ...dockerProblems(draft, raw),
  ...fileProblems(draft, raw),
  ...etcdProblems(draft, raw),
];
