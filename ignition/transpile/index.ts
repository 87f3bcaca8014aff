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
import { checkNode } from "./checks.ts";
import { findingLines, findingText, type Finding } from "./findings.ts";
import { normalise } from "./normalise.ts";
import { checkSpec, highest, majorOf } from "./spec.ts";
import { convert, normalised, runButane, runCt, validate } from "./transpilers.ts";

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
    const users = inputs.some(({ user }) => user);
    const { document, warnings } = runCt(written(merged), users);
    this.findings.push(...warnings);
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
        const made = runButane(document, folder, user);
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
    return mergeIgnition([...this.#two(false).map(convert), ...three]);
  }

  /** As Ignition 3, for the validator; Ignition 2 may say what can't be converted: then nothing is checked, and said so. */
  #forValidator(document: Document): Document | undefined {
    if (majorOf(versionOf(document)) !== 2) return document;
    try {
      return convert(normalised(document, (config) => normalise(config)));
    } catch (error) {
      if (!(error instanceof RenderError)) throw error;
      const message = `ignition-validate could not check it. ${error.message.replace(/\s*\n\s*/g, " ")}`;
      this.findings.push({ fatal: false, message, origin: undefined });
      return undefined;
    }
  }

  /** @throws RenderError with all that is wrong. */
  check(document: Document): void {
    const three = this.#forValidator(document);
    const found = three === undefined ? [] : validate(three);
    const errors = [...checkNode(document, this.os), ...found.filter(({ fatal }) => fatal)];
    if (errors.length > 0) throw new RenderError(`Ignition would refuse it:\n${findingLines(errors)}`);
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
