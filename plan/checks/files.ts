/** The files that the config names: whether they could be read, and what excludes what. */
import type { Draft } from "../draft.ts";
import { isSecret, problemAt } from "../problems.ts";
import { removal, setting, valueAt, type Path } from "../remedies.ts";
import type { Problem } from "../errors.ts";
import type { RawSettings } from "../raw.ts";

const FORMS = "Butane or Container Linux Config";

/** Where a snippet stands: in the list at its place, or as the only text. */
function placeOf(raw: RawSettings, at: Path, source: string): Path {
  const value = valueAt(raw.values, at);
  if (!Array.isArray(value)) return at;
  const index = value.findIndex((entry) => typeof entry === "string" && entry.trim() === source);
  return index === -1 ? at : [...at, index];
}

function fileProblem(raw: RawSettings, source: string, path: Path): Problem[] {
  const finding = raw.files?.[source];
  if (finding !== undefined && "file" in finding) return [];
  const found = finding?.problem ?? "a file that can be read";
  const expected = isSecret(raw, path) ? "the path of a text file that can be read" : found;
  return [problemAt(raw, path, expected, setting(raw.values, path, `'<path of a ${FORMS}>'`))];
}

/** Profiles and snippets beside a file that stands in place of them. */
function besideIgnition(draft: Draft, raw: RawSettings): Problem[] {
  const keys = ["profiles", "snippets"] as const;
  const own = (draft.nodes ?? []).flatMap(({ at }) =>
    at === undefined ? [] : keys.map((key) => [...at, key]),
  );
  return [...keys.map((key) => [key]), ...own]
    .filter((path) => {
      const value = valueAt(raw.values, path);
      return value !== undefined && value !== null && value !== "";
    })
    .map((path) =>
      problemAt(
        raw,
        path,
        "not set beside ignition, whose file stands in place of all profiles and snippets",
        removal(path),
      ),
    );
}

export function fileProblems(draft: Draft, raw: RawSettings): Problem[] {
  const { ignition } = draft.given;
  const named = new Map(
    [
      ...(draft.given.snippets ?? []).map((source) => ({ source, at: ["snippets"] as Path })),
      ...(draft.nodes ?? []).flatMap(({ snippets }) => snippets),
    ].map(({ source, at }) => [JSON.stringify([source, at]), { source, at }]),
  );
  return [
    ...[...named.values()].flatMap(({ source, at }) => fileProblem(raw, source, placeOf(raw, at, source))),
    ...(ignition === undefined ? [] : fileProblem(raw, ignition, ["ignition"])),
    ...(raw.values["ignition"] === undefined ? [] : besideIgnition(draft, raw)),
  ];
}
