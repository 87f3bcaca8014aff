/** The transpilers, one function each: a document in, a document of another language out. */
import { RenderError } from "../errors.ts";
import type { Document } from "../render/document.ts";
import { pathAt, type ContainerLinuxConfig } from "../render/compose.ts";
import { writeYaml } from "../render/yaml.ts";
import { isMap, type Path, type ValueMap } from "../render/values.ts";
import { digestOfLocals } from "../sources/localFiles.ts";
import { splitFileSystems, undefinedFileSystems, withFileSystems } from "./fileSystems.ts";
import { findingLines, findingsByPath, findingsOfCt, findingsOfIgnition2, type Finding } from "./findings.ts";
import { traced } from "./identity.ts";
import type { Ignition2 } from "./ignition2.ts";
import { BUTANE, CT, IGN_CONVERTER, IGNITION_VALIDATE, runTool } from "./tool.ts";

export interface Transpiled {
  readonly document: Document;
  /** Of the user's files; in profiles of ours any finding is an error. */
  readonly warnings: readonly Finding[];
}

const parsed = (stdout: string): ValueMap => JSON.parse(stdout) as ValueMap;

/** What refuses a config: errors, and where it is strict any finding, as the tools' own `--strict` has it. */
const fatal = (findings: readonly Finding[], strict: boolean): Finding[] =>
  findings.filter((finding) => strict || finding.fatal);

/**
 * ct, on platform `custom`: dynamic data comes from a coreos-metadata.service that the config itself brings.
 * @param strict for profiles of ours: each word of ct is an error. Else only errors are, and warnings are about the user's part.
 */
export function runCt(config: ContainerLinuxConfig, strict: boolean): Transpiled {
  const { ok, stdout, stderr } = runTool(
    CT,
    ["-platform", "custom", "-files-dir", "/"],
    config.text,
    digestOfLocals(config.value, "/"),
  );
  const findings = stderr.trim() === "" ? [] : findingsOfCt(stderr, config.locate);
  const errors = fatal(findings, strict);
  if (!ok || errors.length > 0) {
    const lines = findingLines(errors.length > 0 ? errors : findings);
    throw new RenderError(`ct refused the Container Linux Config:\n${lines}`);
  }
  return { document: traced(parsed(stdout), config), warnings: findings };
}

/** butane; `strict` as for ct. `folder` is where the config's local files lie. */
export function runButane(document: Document, folder: string | undefined, strict: boolean): Transpiled {
  const { ok, stdout, stderr } = runTool(
    BUTANE,
    ["--raw", ...(folder === undefined ? [] : ["--files-dir", folder])],
    writeYaml(document.value),
    folder === undefined ? "" : digestOfLocals(document.value, folder),
  );
  const findings = findingsByPath(stderr, document.originOf);
  const errors = fatal(findings, strict);
  if (!ok || errors.length > 0) {
    const file = document.originOf([])?.source ?? "the file";
    throw new RenderError(`butane refused ${file}:\n${findingLines(errors.length > 0 ? errors : findings)}`);
  }
  return { document: traced(parsed(stdout), document), warnings: findings };
}

/** A config that is right as Ignition 2, but can't be said in Ignition 3. */
export class UntranslatableError extends RenderError {
  override name = "RenderError";
}

const NO_MAPPING = /Config defined filesystem "(.*?)" but no mapping was defined/;

const CONFLICT = /conflicting inodes: .*? and "\w+: (.*?)"/;

/** The last file, folder or link of this path. */
function lastWith({ storage }: ValueMap, path: string): Path {
  for (const list of ["links", "directories", "files"]) {
    const items = isMap(storage) ? storage[list] : undefined;
    const index = Array.isArray(items)
      ? items.findLastIndex((item) => isMap(item) && item["path"] === path)
      : -1;
    if (index >= 0) return ["storage", list, index];
  }
  return ["storage"];
}

/** What is wrong with the file system that the converter's refusal names, else the refusal itself. */
function untranslated(words: string, document: Document): Finding {
  const name = NO_MAPPING.exec(words)?.[1];
  if (name !== undefined) return unknownFileSystem(name, document);
  const path = CONFLICT.exec(words)?.[1];
  const origin = path === undefined ? undefined : document.originOf(lastWith(document.value, path));
  return { fatal: true, message: words.trim().replace(/\s+/g, " "), origin };
}

function unknownFileSystem(name: string, { value, originOf }: Document): Finding {
  const message = `the file system "${name}" can't be meant: Ignition 3 knows no names of file systems, only paths`;
  return { fatal: true, message, origin: originOf(pathOfFileSystem(value, name)) };
}

/** Where a file system is named: in its own entry, else in that of the first file on it. */
function pathOfFileSystem(value: ValueMap, name: string): Path {
  const storage = isMap(value["storage"]) ? value["storage"] : {};
  for (const [list, key] of [
    ["filesystems", "name"],
    ["files", "filesystem"],
    ["directories", "filesystem"],
    ["links", "filesystem"],
  ] as const) {
    const items = storage[list];
    const index = Array.isArray(items) ? items.findIndex((item) => isMap(item) && item[key] === name) : -1;
    if (index >= 0) return ["storage", list, index];
  }
  return ["storage"];
}

const untranslatable = (finding: Finding): UntranslatableError =>
  new UntranslatableError(
    `The configuration can't be written as Ignition 3 (ign-converter):\n${findingLines([finding])}`,
  );

/**
 * Ignition 2 to 3.1.
 * @throws UntranslatableError where the config has what Ignition 3 has not, RenderError where it is wrong in itself.
 */
export function convert(document: Document): Document {
  // The converter would put what lies on a file system that the config doesn't define on the root's.
  const [unknown] = undefinedFileSystems(document.value);
  if (unknown !== undefined) throw untranslatable(unknownFileSystem(unknown, document));
  const { config, fileSystems } = splitFileSystems(document.value);
  const input = JSON.stringify(config, null, 1); // a value a line, for the places in its words
  const { ok, stdout, stderr } = runTool(IGN_CONVERTER, [], input);
  if (!ok || stdout === "") {
    const words = /Failed to translate config from 2 to 3: (.*)/s.exec(stderr)?.[1];
    if (words !== undefined) throw untranslatable(untranslated(words, document));
    const findings = findingsOfIgnition2(stderr, (line) => document.originOf(pathAt(input, line)));
    throw new RenderError(`Ignition 2 would refuse the configuration:\n${findingLines(findings)}`);
  }
  return traced(withFileSystems(parsed(stdout), fileSystems), document);
}

/** What Ignition's own validator finds in an Ignition 3 config. */
export function validate(document: Document): Finding[] {
  const { stderr, stdout } = runTool(IGNITION_VALIDATE, ["-"], JSON.stringify(document.value));
  return findingsByPath(`${stdout}\n${stderr}`, document.originOf);
}

/** A document as the normalising step sees it, and back. */
export const normalised = (document: Document, step: (config: Ignition2) => Ignition2): Document =>
  traced(step(document.value as unknown as Ignition2) as unknown as ValueMap, document);
