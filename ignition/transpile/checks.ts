/** What no validator looks at, but breaks a node: checked on the Ignition config that a node gets. Pure. */
import type { OsFamily } from "../../plan/types.ts";
import type { Document } from "../render/document.ts";
import { isMap, type Path, type Value } from "../render/values.ts";
import type { Finding } from "./findings.ts";

const at = (value: Value | undefined, key: string): Value | undefined =>
  isMap(value) ? value[key] : undefined;
const list = (value: Value | undefined): readonly Value[] => (Array.isArray(value) ? value : []);
const text = (value: Value | undefined): string => (typeof value === "string" ? value : "");

/** Lines that say something; systemd ignores those before the first section (systemd.syntax(7)). */
const linesOf = (contents: Value | undefined): string[] =>
  text(contents)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^[#;]/.test(line));

const isSection = (line: string): boolean => line.startsWith("[");

/**
 * Units and drop-ins whose lines stand outside of any section. A unit without any can't be loaded; in drop-ins, and in front of
 * the first section, systemd ignores such lines, which a user's file may have had for years.
 */
export function checkUnits({ value, originOf }: Document): Finding[] {
  const find = (contents: Value | undefined, what: string, path: Path, whole: boolean): Finding[] => {
    const lines = linesOf(contents);
    const [first] = lines;
    if (first === undefined || isSection(first)) return [];
    const origin = originOf(path);
    const fatal = (whole && !lines.some(isSection)) || origin?.user === false;
    return [
      { fatal, message: `${what} has lines before its first [section], which systemd ignores`, origin },
    ];
  };
  return list(at(value["systemd"], "units")).flatMap((unit, index) => {
    const path = ["systemd", "units", index];
    const name = text(at(unit, "name"));
    const dropins = list(at(unit, "dropins")).flatMap((dropin, place) =>
      find(
        at(dropin, "contents"),
        `the drop-in ${text(at(dropin, "name"))} of ${name}`,
        [...path, "dropins", place],
        false,
      ),
    );
    return [...find(at(unit, "contents"), name, [...path, "contents"], true), ...dropins];
  });
}

/** What a system can't do: the lab image has one disk, ready made, and a fixed command line, and its first boot refuses these. */
export function unfit({ value, originOf }: Document, os: OsFamily): Finding[] {
  if (os !== "lab") return [];
  const way = "leave it out, or use an image of another os";
  const disks = ["disks", "raid", "luks", "filesystems"]
    .filter((name) => list(at(value["storage"], name)).length > 0)
    .map((name) => ({
      fatal: true,
      message: `storage.${name} can't be used on the lab image, which has one disk, ready made: ${way}`,
      origin: originOf(["storage", name]),
    }));
  const words = ["shouldExist", "shouldNotExist"].some(
    (name) => list(at(value["kernelArguments"], name)).length > 0,
  );
  const message = `kernelArguments can't be changed on the lab image: ${way}`;
  return words ? [...disks, { fatal: true, message, origin: originOf(["kernelArguments"]) }] : disks;
}
