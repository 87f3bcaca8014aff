/** What no validator looks at, but breaks a node: checked on the Ignition config that a node gets. Pure. */
import type { OsFamily } from "../../plan/types.ts";
import type { Document } from "../render/document.ts";
import { isMap, type Path, type Value } from "../render/values.ts";
import type { Finding } from "./findings.ts";

type Found = readonly { readonly path: Path; readonly message: string }[];

const at = (value: Value | undefined, key: string): Value | undefined =>
  isMap(value) ? value[key] : undefined;
const list = (value: Value | undefined): readonly Value[] => (Array.isArray(value) ? value : []);
const text = (value: Value | undefined): string => (typeof value === "string" ? value : "");

/** systemd ignores all that stands before the first section (systemd.syntax(7)). */
function lacksSection(contents: string): boolean {
  const said = contents.split("\n").map((line) => line.trim());
  const first = said.find((line) => line !== "" && !/^[#;]/.test(line));
  return first !== undefined && !first.startsWith("[");
}

function units({ value }: Document): Found {
  return list(at(value["systemd"], "units")).flatMap((unit, index): Found => {
    const path = ["systemd", "units", index];
    const name = text(at(unit, "name"));
    const own = lacksSection(text(at(unit, "contents")))
      ? [{ path: [...path, "contents"], message: `${name} has lines before its first [section]` }]
      : [];
    const dropins = list(at(unit, "dropins")).flatMap((dropin, place): Found =>
      lacksSection(text(at(dropin, "contents")))
        ? [
            {
              path: [...path, "dropins", place],
              message: `the drop-in ${text(at(dropin, "name"))} of ${name} has lines before its first [section]`,
            },
          ]
        : [],
    );
    return [...own, ...dropins];
  });
}

/** The lab image has one disk, ready made, and a fixed command line: its first boot refuses these. */
function refusedByLab({ value }: Document): Found {
  const disks = ["disks", "raid", "luks", "filesystems"]
    .filter((name) => list(at(value["storage"], name)).length > 0)
    .map((name) => ({
      path: ["storage", name],
      message: `storage.${name} can't be used on the lab image, which has one disk, ready made`,
    }));
  const words = ["shouldExist", "shouldNotExist"].some(
    (name) => list(at(value["kernelArguments"], name)).length > 0,
  );
  const kernel = { path: ["kernelArguments"], message: "kernelArguments can't be changed on the lab image" };
  return words ? [...disks, kernel] : disks;
}

/** All that is wrong, each with its place. */
export const checkNode = (document: Document, os: OsFamily): Finding[] =>
  [...units(document), ...(os === "lab" ? refusedByLab(document) : [])].map(({ path, message }) => ({
    fatal: true,
    message,
    origin: document.originOf(path),
  }));
