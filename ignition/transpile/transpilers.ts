/** The transpilers, one function each: a document in, a document of another language out. */
import { RenderError } from "../errors.ts";
import type { Document } from "../render/document.ts";
import type { ContainerLinuxConfig } from "../render/compose.ts";
import { writeYaml } from "../render/yaml.ts";
import type { ValueMap } from "../render/values.ts";
import { digestOfLocals } from "../sources/localFiles.ts";
import { findingLines, findingsByPath, findingsOfCt, type Finding } from "./findings.ts";
import { traced } from "./identity.ts";
import type { Ignition2 } from "./ignition2.ts";
import { BUTANE, CT, IGN_CONVERTER, IGNITION_VALIDATE, runTool } from "./tool.ts";

export interface Transpiled {
  readonly document: Document;
  /** Of the user's files; in profiles of ours any finding is an error. */
  readonly warnings: readonly Finding[];
}

const parsed = (stdout: string): ValueMap => JSON.parse(stdout) as ValueMap;

/** What refuses a config: errors, and any finding in a profile, as `-strict` would have it. */
const fatal = (findings: readonly Finding[], strict: (finding: Finding) => boolean): Finding[] =>
  findings.filter((finding) => finding.fatal || strict(finding));

/** Whether a finding is a profile's; one without a place is the user's where the user wrote anything. */
const isOurs =
  (users: boolean) =>
  ({ origin }: Finding): boolean =>
    origin === undefined ? !users : !origin.user;

/** ct, on platform `custom`: dynamic data comes from a coreos-metadata.service that the config itself brings. */
export function runCt(config: ContainerLinuxConfig, users: boolean): Transpiled {
  const { ok, stdout, stderr } = runTool(
    CT,
    ["-platform", "custom", "-files-dir", "/"],
    config.text,
    digestOfLocals(config.value, "/"),
  );
  const findings = stderr.trim() === "" ? [] : findingsOfCt(stderr, config.locate);
  const errors = fatal(findings, isOurs(users));
  if (!ok || errors.length > 0) {
    const lines = findingLines(errors.length > 0 ? errors : findings);
    throw new RenderError(`ct refused the Container Linux Config:\n${lines}`);
  }
  return { document: traced(parsed(stdout), config), warnings: findings };
}

/** butane; for a file of the user's warnings don't count. `folder` is where its local files lie. */
export function runButane(document: Document, folder: string | undefined, users: boolean): Transpiled {
  const { ok, stdout, stderr } = runTool(
    BUTANE,
    ["--raw", ...(folder === undefined ? [] : ["--files-dir", folder])],
    writeYaml(document.value),
    folder === undefined ? "" : digestOfLocals(document.value, folder),
  );
  const findings = findingsByPath(stderr, document.originOf);
  const errors = fatal(findings, isOurs(users));
  if (!ok || errors.length > 0) {
    throw new RenderError(`butane refused:\n${findingLines(errors.length > 0 ? errors : findings)}`);
  }
  return { document: traced(parsed(stdout), document), warnings: findings };
}

/** ign-converter's words without Go's dump of its report. */
const converterWords = (stderr: string): string =>
  stderr
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("warning"))
    .map((line) => line.replace(/^Failed to translate config from 2 to 3: /, ""))
    .join("\n  ");

/** Ignition 2 to 3.1. @throws RenderError where the config has what Ignition 3 has not. */
export function convert(document: Document): Document {
  const { ok, stdout, stderr } = runTool(IGN_CONVERTER, [], JSON.stringify(document.value));
  if (!ok || stdout === "") {
    throw new RenderError(
      `The configuration can't be written as Ignition 3 (ign-converter):\n  ${converterWords(stderr)}`,
    );
  }
  return traced(parsed(stdout), document);
}

/** What Ignition's own validator finds in an Ignition 3 config. */
export function validate(document: Document): Finding[] {
  const { stderr, stdout } = runTool(IGNITION_VALIDATE, ["-"], JSON.stringify(document.value));
  return findingsByPath(`${stdout}\n${stderr}`, document.originOf);
}

/** A document as the normalising step sees it, and back. */
export const normalised = (document: Document, step: (config: Ignition2) => Ignition2): Document =>
  traced(step(document.value as unknown as Ignition2) as unknown as ValueMap, document);
