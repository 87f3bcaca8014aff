/** Versions of Ignition's spec, and which system reads which. Pure. */
import { OS_TRAITS } from "../../plan/os.ts";
import type { OsFamily } from "../../plan/types.ts";
import { RenderError } from "../errors.ts";
import type { Language } from "../sources/kind.ts";

/** The major version of a spec's version. */
export const majorOf = (version: string): number => Number(version.split(".")[0]);

/** Less than 0 where `one` is older. */
export function compareSpecs(one: string, other: string): number {
  const [a = 0, b = 0] = one.split(".").map(Number);
  const [c = 0, d = 0] = other.split(".").map(Number);
  return a - c || b - d;
}

export const highest = (versions: readonly string[]): string =>
  [...versions].sort(compareSpecs).at(-1) ?? "3.0.0";

/** What each stable version of a Butane variant gives (butane's docs/specs.md and docs/upgrading). */
const GIVES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  fcos: { "1.0.0": "3.0", "1.1.0": "3.1", "1.3.0": "3.2", "1.4.0": "3.3", "1.5.0": "3.4", "1.6.0": "3.5" },
  flatcar: { "1.0.0": "3.3", "1.1.0": "3.4" },
  r4e: { "1.0.0": "3.3", "1.1.0": "3.4" },
  fiot: { "1.0.0": "3.4" },
};

/** The newest version of this variant, or of fcos, which every system's Ignition understands, that a system reads. */
function readable(variant: string, limit: string): { variant: string; version: string } {
  for (const name of [variant, "fcos"]) {
    const version = Object.entries(GIVES[name] ?? {}).findLast(([, spec]) => compareSpecs(spec, limit) <= 0);
    if (version !== undefined) return { variant: name, version: version[0] };
  }
  return { variant: "fcos", version: "1.0.0" };
}

const writtenIn = (language: Language): string =>
  language.kind === "butane"
    ? `is Butane (variant ${language.variant}, version ${language.version})`
    : `is Ignition ${language.kind === "ignition" ? language.version : ""}`.trim();

/**
 * Refuses what a system doesn't read.
 * @param version of the Ignition config that comes of the source
 * @throws RenderError naming the source, what it is, what the system reads, and what to write instead.
 */
export function checkSpec(os: OsFamily, source: string, language: Language, version: string): void {
  const { highestSpec } = OS_TRAITS[os];
  const gives = language.kind === "butane" ? `, which gives Ignition ${version}` : "";
  const what = `${source} ${writtenIn(language)}${gives}`;
  if (majorOf(version) > majorOf(highestSpec)) {
    throw new RenderError(
      `${what}, and ${os} reads Ignition ${highestSpec} at most: write it as a ` + "Container Linux Config",
    );
  }
  const limit = majorOf(version) === 2 ? "2.3" : highestSpec;
  if (compareSpecs(version, limit) > 0 || version.includes("-")) {
    const better = language.kind === "butane" ? readable(language.variant, limit) : undefined;
    const way =
      better === undefined
        ? `set ignition.version to ${limit}.0, if it uses nothing newer`
        : `write variant: ${better.variant} with version: ${better.version}`;
    const why = version.includes("-")
      ? "and nodes read released versions only"
      : `and ${os} reads ${limit} at most`;
    throw new RenderError(`${what}, ${why}: ${way}`);
  }
}
