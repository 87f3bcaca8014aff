/** From a Container Linux Config to the Ignition version that a system reads. */
import { RenderError } from "../errors.ts";
import type { ContainerLinuxConfig } from "../render/compose.ts";
import { canonicalJson } from "./canonical.ts";
import type { Ignition2 } from "./ignition2.ts";
import { normalise } from "./normalise.ts";
import { CT, IGN_CONVERTER, runTool } from "./tool.ts";
import type { OsFamily } from "../../plan/types.ts";

/** Systems that read Ignition 3 only. Container Linux and Flatcar read what ct writes. */
const READS_IGNITION_3: readonly OsFamily[] = ["lab", "fedora-coreos"];

/** The tool's complaint, each line number followed by where that line comes from. */
function explain(stderr: string, config: ContainerLinuxConfig): string {
  return stderr
    .trim()
    .split("\n")
    .map((text) => {
      const line = /\bline (\d+)/.exec(text)?.[1];
      const origin = line === undefined ? undefined : config.locate(Number(line));
      return `  ${text}${origin === undefined ? "" : ` (${origin})`}`;
    })
    .join("\n");
}

function runCt(config: ContainerLinuxConfig): Ignition2 {
  // "custom" is ct's platform for dynamic data that a config's own coreos-metadata.service provides.
  const { ok, stdout, stderr } = runTool(CT, ["-strict", "-platform", "custom"], config.text);
  if (!ok) throw new RenderError(`ct refused the Container Linux Config:\n${explain(stderr, config)}`);
  return JSON.parse(stdout) as Ignition2;
}

function convert(config: Ignition2): object {
  const { ok, stdout, stderr } = runTool(IGN_CONVERTER, [], JSON.stringify(config));
  if (!ok || stdout === "") {
    throw new RenderError(
      `ign-converter refused the configuration:\n  ${stderr.trim().replaceAll("\n", "\n  ")}`,
    );
  }
  return JSON.parse(stdout) as object;
}

const memo = new Map<string, string>();

/**
 * The Ignition config, in canonical JSON, of a Container Linux Config. Equal input is transpiled once per process.
 * @throws RenderError with the tool's words and the profile's line.
 */
export function transpile(config: ContainerLinuxConfig, os: OsFamily): string {
  const three = READS_IGNITION_3.includes(os);
  const key = `${three ? 3 : 2}\n${config.text}`;
  const known = memo.get(key);
  if (known !== undefined) return known;
  const normal = normalise(runCt(config));
  const json = canonicalJson(three ? convert(normal) : normal);
  memo.set(key, json);
  return json;
}
