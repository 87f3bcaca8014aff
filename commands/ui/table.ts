/** Tables for people: no lines drawn, columns aligned. */
import Table from "cli-table3";
import { visible } from "../../host/visible.ts";

/** Renders rows under a head, a line each; without colours, so that it reads the same in a file. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const none = {
    top: "",
    "top-mid": "",
    "top-left": "",
    "top-right": "",
    bottom: "",
    "bottom-mid": "",
  } as const;
  const rest = {
    "bottom-left": "",
    "bottom-right": "",
    left: "",
    "left-mid": "",
    mid: "",
    "mid-mid": "",
  } as const;
  const made = new Table({
    head: [...head],
    chars: { ...none, ...rest, right: "", "right-mid": "", middle: "  " },
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
  });
  made.push(...rows.map((row) => row.map(visible)));
  return made
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}
