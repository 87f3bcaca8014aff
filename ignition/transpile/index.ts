/** From sources in several languages to the one Ignition config that a system reads. */
import { OS_TRAITS } from "../../plan/os.ts";
import type { OsFamily } from "../../plan/types.ts";
import { RenderError } from "../errors.ts";
import { written } from "../render/compose.ts";
import type { Document } from "../render/document.ts";
import { mergeDocuments } from "../render/merge.ts";
import { isMap, type ValueMap } from "../render/values.ts";
import type { Language } from "../sources/kind.ts";
import { absoluteLocals } from "../sources/localFiles.ts";
import { canonicalJson } from "./canonical.ts";
import { checkUnits, unfit } from "./checks.ts";
import { onOneFileSystem } from "./fileSystems.ts";
import { findingLines, findingText, type Finding } from "./findings.ts";
import { traced } from "./identity.ts";
import { etcdFindings, sectionsInVain } from "./meaning.ts";
import { normalise } from "./normalise.ts";
import { checkSpec, highest, majorOf } from "./spec.ts";
import { convert, normalised, runButane, runCt, UntranslatableError, validate } from "./transpilers.ts";

/** A source with its variables filled in. */
export interface Input {
  readonly source: string;
  readonly user: boolean;
  readonly language: Language;
  readonly document: Document;
  /** What its local files are relative to. */
  readonly folder?: string;
}

export interface Ignition {
  /** In canonical form: the same meaning gives the same text. */
  readonly json: string;
  /** What the transpilers have to say about the user's files, one line each. */
  readonly warnings: readonly string[];
}

export interface Options {
  /** A last change of the Ignition config, which keeps its shape. */
  readonly finish?: (config: ValueMap) => ValueMap;
}

const versionOf = ({ value }: Document): string => {
  const version = isMap(value["ignition"]) ? value["ignition"]["version"] : undefined;
  return typeof version === "string" ? version : "";
};

const withVersion = (document: Document, version: string): Document => {
  const ignition = isMap(document.value["ignition"]) ? document.value["ignition"] : {};
  return { ...document, value: { ...document.value, ignition: { ...ignition, version } } };
};

/** Ignition configs of one major version as one, whose version is the highest of theirs. */
function mergeIgnition(documents: readonly Document[]): Document {
  const [only, ...others] = documents;
  if (only !== undefined && others.length === 0) return only;
  const version = highest(documents.map(versionOf));
  return mergeDocuments(documents.map((document) => withVersion(document, version)));
}

const isButane = ({ language }: Input): boolean => language.kind === "butane";
const isClc = ({ language }: Input): boolean => language.kind === "clc";
const isIgnition = ({ language }: Input, major: number): boolean =>
  language.kind === "ignition" && majorOf(language.version) === major;

/** @throws RenderError with all that is wrong, if anything is. */
function refuse(errors: readonly Finding[]): void {
  if (errors.length > 0)
    throw new RenderError(`The node would not come up with it:\n${findingLines(errors)}`);
}

/** A warning whose place is in a profile, as ct sees it, is about the user's files all the same. */
function aboutUsers(finding: Finding, inputs: readonly Input[]): Finding {
  if (finding.origin?.user === true) return finding;
  const files = inputs.filter(({ user }) => user).map(({ source }) => source);
  return { fatal: false, message: `${files.join(", ")}: ${finding.message}`, origin: undefined };
}

class Transpilation {
  readonly findings: Finding[] = [];
  readonly inputs: readonly Input[];
  readonly os: OsFamily;

  constructor(inputs: readonly Input[], os: OsFamily) {
    this.inputs = inputs;
    this.os = os;
  }

  /** What is written in Container Linux Config, as Ignition 2. */
  #clc(): Document[] {
    const inputs = this.inputs.filter(isClc);
    const documents = inputs.map(({ document, folder }) =>
      folder === undefined ? document : absoluteLocals(document, folder),
    );
    const [only, ...others] = documents;
    if (only === undefined) return [];
    // One alone needs no merging, and may say what Ignition 2 lets pass.
    const merged = others.length === 0 ? only : mergeDocuments(documents);
    const ours = documents.filter((_, index) => inputs[index]?.user !== true);
    const strict = ours.length === documents.length;
    // Profiles that are strictly right by themselves can't be what ct warns of when the user's files are with them.
    if (!strict && ours.length > 0) runCt(written(mergeDocuments(ours)), true);
    const { document, warnings } = runCt(written(merged), strict);
    this.findings.push(...warnings.map((finding) => aboutUsers(finding, inputs)));
    return [document];
  }

  /** All Ignition 2, as one. */
  #two(keepNetworkd: boolean): Document[] {
    const given = this.inputs.filter((input) => isIgnition(input, 2));
    for (const { source, language, document } of given)
      checkSpec(this.os, source, language, versionOf(document));
    const documents = [...this.#clc(), ...given.map(({ document }) => document)].map((document) =>
      normalised(document, (config) => normalise(config, keepNetworkd)),
    );
    return documents.length === 0 ? [] : [mergeIgnition(documents)];
  }

  /** What is written in Butane or as Ignition 3. */
  #three(): Document[] {
    return this.inputs
      .filter((input) => !isClc(input) && !isIgnition(input, 2))
      .map(({ source, user, language, document, folder }) => {
        if (language.kind !== "butane") {
          checkSpec(this.os, source, language, language.kind === "ignition" ? language.version : "");
          return document;
        }
        if (majorOf(OS_TRAITS[this.os].highestSpec) === 2) checkSpec(this.os, source, language, "3");
        const made = runButane(document, folder, !user);
        this.findings.push(...made.warnings);
        checkSpec(this.os, source, language, versionOf(made.document));
        return made.document;
      });
  }

  /** The node's config, not yet checked. */
  make(): Document {
    const asks3 = this.inputs.some((input) => isButane(input) || isIgnition(input, 3));
    const three = this.#three();
    if (!asks3 && OS_TRAITS[this.os].ignition === 2) {
      return (
        this.#two(this.os === "container-linux")[0] ?? {
          value: { ignition: { version: "2.3.0" } },
          originOf: () => undefined,
        }
      );
    }
    const two = this.#two(false);
    for (const document of two) refuse(unfit(document, this.os)); // better words than the converter's
    return mergeIgnition([...two.map(convert), ...three]);
  }

  /** As Ignition 3, for the validator; Ignition 2 may say what can't be converted: then nothing is checked, and said so. */
  #forValidator(document: Document): Document | undefined {
    if (majorOf(versionOf(document)) !== 2) return document;
    try {
      const whole = normalised(document, (config) => normalise(config));
      return convert(traced(onOneFileSystem(whole.value), whole));
    } catch (error) {
      if (!(error instanceof UntranslatableError)) throw error;
      const message = `ignition-validate could not check it. ${error.message.replace(/\s*\n\s*/g, " ")}`;
      this.findings.push({ fatal: false, message, origin: undefined });
      return undefined;
    }
  }

  /** @throws RenderError with all that is wrong. */
  check(document: Document): void {
    const three = this.#forValidator(document);
    const found = three === undefined ? [] : validate(three);
    const own = [...unfit(document, this.os), ...checkUnits(document), ...etcdFindings(document, this.os)];
    refuse([...own, ...found].filter(({ fatal }) => fatal));
    const old = this.inputs.filter((input) => input.user && (isClc(input) || isIgnition(input, 2)));
    this.findings.push(...old.flatMap((input) => sectionsInVain(input.document, this.os)));
    this.findings.push(...own.filter(({ fatal }) => !fatal));
    // About other languages their transpilers have said the same.
    const json = this.inputs
      .filter(({ language }) => language.kind === "ignition")
      .map(({ source }) => source);
    this.findings.push(...found.filter(({ origin }) => origin !== undefined && json.includes(origin.source)));
  }
}

/**
 * The Ignition config, in canonical JSON, that comes of these sources for this system. Equal input is given to each tool once
 * per process.
 * @throws RenderError with the tool's words, and the file and line that they are about.
 */
export function transpile(inputs: readonly Input[], os: OsFamily, { finish }: Options = {}): Ignition {
  const work = new Transpilation(inputs, os);
  const made = work.make();
  const document = finish === undefined ? made : { ...made, value: finish(made.value) };
  work.check(document);
  return { json: canonicalJson(document.value), warnings: [...new Set(work.findings.map(findingText))] };
}
