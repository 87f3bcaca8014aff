/** The user's own file in place of all profiles: a classic config as it is, whose placeholders are filled in. */
import { RenderError } from "../errors.ts";
import { documentOf, located } from "../render/document.ts";
import { isMap, type Path, type Value, type ValueMap } from "../render/values.ts";
import { unitWord } from "../variables.ts";
import { dataText, withDataText } from "./dataUrl.ts";
import type { Source } from "./kind.ts";
import { fillDocument, fillText, mentions, type Placeholders } from "./variables.ts";

/**
 * ct puts the values of the etcd section into a command line in double quotes; in units systemd expands `%`; everywhere else a
 * value stands as it is.
 */
function escapeAt(value: string, path: Path): string {
  if (path[0] === "etcd") return unitWord(value);
  return path[0] === "systemd" ? value.replaceAll("%", "%%") : value;
}

const URL_NAME = "Etcd_Discovery_URL";

/** Where there is no discovery URL nothing can stand in its place. */
function missingUrl(where: string): RenderError {
  return new RenderError(
    `${where} has ${URL_NAME}, and there is no discovery URL: discovery.mode is static, or no node is a member. ` +
      "Set discovery to a mode that gives one, or take it out",
  );
}

/** The file with its placeholders filled in. @throws RenderError where one has no value. */
export function fillSource({ profile }: Source, placeholders: Placeholders): ValueMap {
  const document = documentOf(profile);
  return fillDocument(profile.value, placeholders, (value, path) => {
    if (value === "") {
      throw missingUrl(located(document.originOf(path), "it").replace(/: it$/, ""));
    }
    return escapeAt(value, path);
  });
}

/** One `contents` or piece of `append`, whose text is in a data URL. What is packed or verified stays as it is. */
function fillContents(
  contents: Value | undefined,
  path: string,
  placeholders: Placeholders,
): Value | undefined {
  if (!isMap(contents) || typeof contents["source"] !== "string") return contents;
  const { source, compression, verification } = contents;
  const packed = typeof compression === "string" && compression !== "";
  const verified = isMap(verification) && verification["hash"] !== undefined && verification["hash"] !== null;
  const text = packed || verified ? undefined : dataText(source);
  if (text === undefined) return contents;
  if (placeholders.Etcd_Discovery_URL === "" && mentions(text, URL_NAME)) throw missingUrl(path);
  const filled = fillText(text, placeholders);
  return filled === text ? contents : { ...contents, source: withDataText(source, filled) };
}

/** An Ignition config with the placeholders in its files' contents filled in, so those of local files too. */
export function fillFiles(config: ValueMap, placeholders: Placeholders): ValueMap {
  const storage = config["storage"];
  const files = isMap(storage) ? storage["files"] : undefined;
  if (!isMap(storage) || !Array.isArray(files)) return config;
  const filled = files.map((file): Value => {
    if (!isMap(file)) return file;
    const path = typeof file["path"] === "string" ? file["path"] : "a file";
    const contents = fillContents(file["contents"], path, placeholders);
    const append = Array.isArray(file["append"])
      ? file["append"].map((piece) => fillContents(piece, path, placeholders) ?? piece)
      : undefined;
    return {
      ...file,
      ...(contents === undefined ? {} : { contents }),
      ...(append === undefined ? {} : { append }),
    };
  });
  return { ...config, storage: { ...storage, files: filled } };
}
