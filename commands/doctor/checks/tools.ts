/** The programs that `pulumi up` runs on this machine, in the versions that are tried. */
import { join } from "node:path";
import { answersVersion, tools as PINNED, type Tool as PinnedTool } from "../../../lab/toolchain/table.ts";
import { OS_TRAITS } from "../../../plan/os.ts";
import { quote } from "../../../plan/remedies.ts";
import { runHere } from "../shell.ts";
import type { Check, Output, PlanFacts, Situation, Verdict } from "../types.ts";
import { complaint, ok } from "../words.ts";

/** How far a version may differ: not at all, or anything newer within the same major version. */
type Tolerance = "exact" | "newer";

interface Tool {
  readonly name: string;
  readonly args: readonly [string, ...string[]];
  readonly purpose: string;
  readonly remedy: string;
  readonly tolerance?: Tolerance;
}

const pinnedOf = (name: string): PinnedTool | undefined => PINNED.find((one) => one.name === name);

/** Builds a tool of its pinned Go module, as the lab does where it can't be downloaded, and puts it on PATH. */
export function goInstall(name: string): string {
  const tool = pinnedOf(name);
  const { package: path = "", set = {} } = tool?.go ?? {};
  const flags = Object.entries(set).map(([variable, value]) => `-X ${variable}=${value}`);
  const link = flags.length === 0 ? "" : `-ldflags ${quote(flags.join(" "))} `;
  // A folder that nobody else could have made before: root installs what is in it.
  const install = `GOBIN="$bin" go install ${link}${path}@v${tool?.version ?? ""}`;
  return `bin=$(mktemp -d) && ${install} && sudo install "$bin/${path.split("/").at(-1) ?? ""}" /usr/local/bin/${name}`;
}

export const TOOLS: readonly Tool[] = [
  {
    name: "pulumi",
    args: ["pulumi", "version"],
    purpose: "runs the program",
    tolerance: "newer",
    remedy: `curl -fsSL https://get.pulumi.com | sh -s -- --version ${pinnedOf("pulumi")?.version ?? ""}`,
  },
  {
    name: "virsh",
    args: ["virsh", "--version"],
    purpose: "asks the libvirt host for the program",
    remedy: "sudo apt-get install libvirt-clients",
  },
  {
    name: "xsltproc",
    args: ["xsltproc", "--version"],
    purpose: "gives every domain its final form",
    remedy: "sudo apt-get install xsltproc",
  },
  {
    name: "ct",
    args: ["ct", "--version"],
    purpose: "makes Ignition of Container Linux Configs",
    tolerance: "newer",
    remedy: goInstall("ct"),
  },
  {
    name: "ign-converter",
    args: ["ign-converter", "--help"],
    purpose: "makes Ignition 3 of Ignition 2",
    remedy: goInstall("ign-converter"),
  },
  {
    name: "butane",
    args: ["butane", "--version"],
    purpose: "makes Ignition of Butane files",
    tolerance: "newer",
    remedy: goInstall("butane"),
  },
  {
    name: "ignition-validate",
    args: ["ignition-validate", "-version"],
    purpose: "checks every node's config before it is used",
    tolerance: "newer",
    remedy: goInstall("ignition-validate"),
  },
];

/** Which of the tools this plan can do without. */
function need(name: string, plan: Pick<PlanFacts, "os" | "ownFiles">): "needed" | "perhaps" | "unused" {
  if (name === "ign-converter")
    return OS_TRAITS[plan.os].ignition === 3 ? "needed" : plan.ownFiles ? "perhaps" : "unused";
  if (name === "butane") return plan.ownFiles ? "perhaps" : "unused";
  return "needed";
}

/** -1, 0, 1: how two dotted versions compare. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(/[.-]/).slice(0, 3).map(Number));
  for (let place = 0; place < 3; place++) {
    const difference = (left?.[place] ?? 0) - (right?.[place] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

const versionIn = (text: string): string | undefined => /\bv?(\d+\.\d+\.\d+[-+\w.]*)/.exec(text)?.[1];

/**
 * @param answer what the tool said when asked for its version.
 * @param getting the command that gets the pinned tools, where there is one that does.
 */
export function judgeTool(
  tool: Tool,
  answer: Output,
  plan: Pick<PlanFacts, "os" | "ownFiles">,
  getting?: string,
): Verdict | undefined {
  const { name, purpose, tolerance, remedy } = tool;
  const pinned = pinnedOf(name)?.version;
  const needed = need(name, plan);
  if (answer.code === 127) {
    if (needed === "unused") return undefined;
    const found = `${name} is not on PATH`;
    const missing =
      getting === undefined || pinned === undefined ? { found, remedy } : { found, remedy: getting };
    return needed === "needed"
      ? { level: "problem", why: `It ${purpose}; without it the preview stops.`, ...missing }
      : { level: "note", why: `It ${purpose}, which this plan's own files may need.`, ...missing };
  }
  if (answer.code === 126 || answer.code === 124)
    return {
      level: needed === "needed" ? "problem" : "warning",
      found: `${name} does not run: ${complaint(answer)}`,
      why: `It ${purpose}.`,
      remedy,
    };
  const text = `${answer.stdout}\n${answer.stderr}`;
  if (tolerance === undefined || pinned === undefined || answersVersion(text, pinned))
    return ok(pinned === undefined || tolerance === undefined ? name : `${name} ${pinned}`, `It ${purpose}.`);
  const version = versionIn(text);
  if (version === undefined)
    return {
      level: "warning",
      found: `${name} does not say its version`,
      why: `It ${purpose}; tried is ${pinned}.`,
      remedy,
    };
  const major = version.split(".")[0] !== pinned.split(".")[0];
  if (!major && compareVersions(version, pinned) > 0)
    return ok(`${name} ${version} (tried is ${pinned})`, `It ${purpose}.`);
  return {
    level: major && needed === "needed" ? "problem" : "warning",
    found: `${name} ${version} is ${compareVersions(version, pinned) < 0 ? "older" : "of another line"} than ${pinned}`,
    why: `It ${purpose}; with ${pinned} the program is tried${major ? ", and another major version is another interface" : ", an older one may lack what it needs"}.`,
    remedy,
  };
}

/** All tools that are right are one finding. */
export function summarize(verdicts: readonly Verdict[]): Verdict[] {
  const right = verdicts.filter(({ level }) => level === "ok");
  const rest = verdicts.filter(({ level }) => level !== "ok");
  if (right.length === 0) return rest;
  return [
    ok(right.map(({ found }) => found).join(", "), "The programs that pulumi runs on this machine."),
    ...rest,
  ];
}

/** What runs a command with the pinned tools, and gets them. */
const WITH_TOOLS = "npm run cluster -- tools";

type Facts = Pick<Situation, "plan" | "pinned">;

export const tools: Check = {
  id: "tools",
  about: "the programs that `pulumi up` runs on this machine, and their versions",
  here: true,
  // Whatever else is missing has stopped the preview already.
  quick: {
    run: (facts) =>
      look(
        TOOLS.filter(({ name }) => name === "xsltproc"),
        facts,
      ),
  },
  run: (facts) => look(TOOLS, facts),
};

/** A tool that is on PATH, or else comes with `tools CMD`. */
async function lookFor(tool: Tool, { plan, pinned }: Facts): Promise<Verdict | undefined> {
  const [name, ...args] = tool.args;
  const options = { timeout: 15 };
  const answer = await runHere([name, ...args], options);
  if (answer.code !== 127 || pinned === undefined || pinnedOf(tool.name) === undefined)
    return judgeTool(tool, answer, plan);
  const verdict = judgeTool(tool, await runHere([join(pinned, name), ...args], options), plan, WITH_TOOLS);
  return verdict?.level === "ok" ? { ...verdict, found: `${verdict.found} (by ${WITH_TOOLS})` } : verdict;
}

async function look(some: readonly Tool[], facts: Facts): Promise<Verdict[]> {
  const verdicts = await Promise.all(some.map((tool) => lookFor(tool, facts)));
  return summarize(verdicts.filter((one) => one !== undefined));
}
