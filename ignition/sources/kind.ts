/** Tells what language a file is written in, by what it says. */
import { dirname } from "node:path";
import { RenderError } from "../errors.ts";
import { parseProfile, type Profile } from "../render/profile.ts";
import { isMap, type Path, type ValueMap } from "../render/values.ts";
import { suggest } from "../../plan/suggest.ts";
import type { SourceFile } from "../../plan/types.ts";

export type Language =
  | { readonly kind: "clc" }
  | { readonly kind: "butane"; readonly variant: string; readonly version: string }
  | { readonly kind: "ignition"; readonly version: string };

/** A profile or a file of the user's, read. */
export interface Source {
  readonly profile: Profile;
  readonly language: Language;
  /** The folder of the file, to which what it names is relative; absent for profiles, which name no files. */
  readonly folder?: string;
}

/** A version as it is written: YAML reads an unquoted `1.10` or `3` as a number. */
const versionText = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : "";

/** Container Linux Configs have an `ignition` section too, but no version in it. */
export function languageOf(value: ValueMap): Language {
  const { variant, version, ignition } = value;
  if (variant !== undefined) {
    return { kind: "butane", variant: versionText(variant), version: versionText(version) };
  }
  if (isMap(ignition) && ignition["version"] !== undefined) {
    return { kind: "ignition", version: versionText(ignition["version"]) };
  }
  return { kind: "clc" };
}

/** The same words start both: a script for coreos-cloudinit, which no system that reads Ignition runs. */
const CLOUD_CONFIG = /^#cloud-config\b|^#!/;

/** The value as JSON has it: YAML's reader keeps how a number is written. */
function parseJson(source: string, text: string): ValueMap {
  try {
    return JSON.parse(text) as ValueMap;
  } catch (cause) {
    throw new RenderError(
      `${source}: it has ignition.version, so it should be an Ignition config, which is JSON, but it is none. A Container ` +
        "Linux Config has no ignition.version, and Butane begins with variant:",
      { cause },
    );
  }
}

/** The lists that the program looks into before Ignition's own validator does. */
const LISTS = [
  ["systemd", "units"],
  ["networkd", "units"],
  ["storage", "files"],
  ["storage", "directories"],
  ["storage", "links"],
  ["storage", "filesystems"],
] as const;

/** @throws RenderError where the version is none, or a section or list is something else. */
function checkIgnition({ source, value, lineOf }: Profile): void {
  const wrong = (path: Path, what: string): never => {
    throw new RenderError(`${source} line ${lineOf(path)}: ${path.join(".")} ${what}`);
  };
  const version = isMap(value["ignition"]) ? value["ignition"]["version"] : undefined;
  if (typeof version !== "string" || !/^[23]\.\d+\.\d+(?:-\w+)?$/.test(version)) {
    wrong(
      ["ignition", "version"],
      `is ${JSON.stringify(version)}; right is a text such as "2.3.0" or "3.3.0"`,
    );
  }
  for (const [section, list] of LISTS) {
    const parts = value[section] ?? {};
    if (!isMap(parts)) return wrong([section], "must be a map");
    const items = parts[list] ?? [];
    if (!Array.isArray(items) || !items.every(isMap)) wrong([section, list], "must be a list of maps");
  }
}

/** The sections that ct reads (its configuration.md). */
const SECTIONS = [
  "ignition",
  "storage",
  "systemd",
  "networkd",
  "passwd",
  "etcd",
  "flannel",
  "docker",
  "update",
  "locksmith",
];

/** @throws RenderError where nothing in it is a Container Linux Config: ct would warn of each key, and a node would have nothing. */
function checkClc({ source, value, lineOf }: Profile): void {
  const keys = Object.keys(value);
  const [first] = keys;
  if (first === undefined) return;
  if (value["ignitionVersion"] !== undefined) {
    throw new RenderError(
      `${source} line ${lineOf(["ignitionVersion"])}: ignitionVersion: Ignition 1 is read by none of these systems; write it as ` +
        "a Container Linux Config, as Butane or as Ignition JSON",
    );
  }
  if (keys.some((key) => SECTIONS.includes(key))) return;
  const meant = suggest(first, SECTIONS);
  throw new RenderError(
    `${source} line ${lineOf([first])}: ${first} is no section of a Container Linux Config` +
      `${meant === undefined ? "" : ` (${meant} is one)`}, and nothing else in the file is. Butane begins with variant:, and an ` +
      "Ignition config has ignition.version",
  );
}

/** What Go's text/template calls actions, but for plain values, which YAML can hold. */
const TEMPLATE = /\{\{-?\s*(?:if|range|else|end|with|template|define|block)\b.*?\}\}/;

/** @throws RenderError where it is no YAML, with the likely reason. */
function parseYaml(source: string, text: string): Profile {
  try {
    return parseProfile(source, text);
  } catch (cause) {
    const action = TEMPLATE.exec(text)?.[0];
    if (!(cause instanceof RenderError) || action === undefined) throw cause;
    throw new RenderError(
      `${cause.message}. It has template actions such as ${action}, which another program fills in: give what that program makes of it`,
      { cause },
    );
  }
}

const read = new WeakMap<SourceFile, Source>();

/**
 * A file of the user's, parsed.
 * @throws RenderError naming source and line where it can't be parsed, or is in a language that nothing here reads.
 */
export function readSource(file: SourceFile): Source {
  const known = read.get(file);
  if (known !== undefined) return known;
  if (CLOUD_CONFIG.test(file.text)) {
    const what = file.text.startsWith("#!") ? "a script" : "a cloud-config";
    throw new RenderError(
      `${file.source} is ${what}, which systems with Ignition don't read: write it as a Container Linux Config, as ` +
        "Butane or as Ignition JSON",
    );
  }
  const text = file.text.replace(/^\ufeff/, "");
  const yaml = parseYaml(file.source, text);
  const language = languageOf(yaml.value);
  const value = language.kind === "ignition" ? parseJson(file.source, text) : yaml.value;
  const profile: Profile = { ...yaml, value, user: true };
  if (language.kind === "ignition") checkIgnition(profile);
  if (language.kind === "clc") checkClc(profile);
  const source: Source = { profile, language, folder: dirname(file.path) };
  read.set(file, source);
  return source;
}
