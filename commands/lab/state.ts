/** A stack's state as Pulumi keeps it. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { stateFolder } from "../../lab/toolchain/index.ts";
import { field, list, parsed } from "../http.ts";
import type { LabSession } from "./session.ts";

/**
 * The resources in what `pulumi stack export` prints, or in the backend's own file of the stack, without those that are only to be
 * deleted yet. Pure.
 */
export function resourcesIn(exported: string): unknown[] {
  const state = parsed(exported);
  const deployment = field(state, "deployment") ?? field(field(state, "checkpoint"), "latest");
  return list(field(deployment, "resources")).filter((each) => field(each, "delete") !== true);
}

/** By which a state marks what is secret (pulumi/sdk, resource/sig). */
const SECRET_KEY = "4dabf18193072939515e22adb298388d";

/** A value of an exported state; a secret one, which is JSON there, in the clear where the text shows secrets. Pure. */
export function shown(value: unknown): unknown {
  const secret = field(value, SECRET_KEY) === undefined ? undefined : field(value, "plaintext");
  return typeof secret === "string" ? parsed(secret) : value;
}

/** The backend's own files of the session's stack, one for each project that has a stack of this name. Secrets in them are encrypted. */
export async function stateFiles(session: LabSession): Promise<string[]> {
  const stacks = join(stateFolder(session.context.paths), ".pulumi", "stacks");
  const projects = await readdir(stacks).catch(() => []);
  const files = projects.map((project) => join(stacks, project, `${session.stack}.json`));
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => "")));
  return texts.filter((one) => one !== "");
}
