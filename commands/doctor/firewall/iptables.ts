/** The tables as `iptables-save` and `ebtables-save` write them. Pure. */
import {
  POINTS,
  type Chain,
  type Condition,
  type Filter,
  type Match,
  type Rule,
  type Verdict,
} from "./ruleset.ts";

const TARGETS: Readonly<Record<string, Verdict>> = {
  ACCEPT: { kind: "accept" },
  DROP: { kind: "drop" },
  REJECT: { kind: "drop" },
  RETURN: { kind: "return" },
};

/** Words of a line, with quoted ones (comments) as one. */
const wordsOf = (line: string): string[] => line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];

/** Matches that choose no packets by themselves: their options do. */
const MODULES: readonly string[] = ["comment", "conntrack", "state"];

function conditionOf(rest: readonly string[]): Condition {
  let condition: Condition = "none";
  for (let at = 0; at < rest.length; at += 2) {
    const [option = "", value = ""] = rest.slice(at, at + 2);
    if ((option === "-m" && MODULES.includes(value)) || option === "--comment") continue;
    if (option !== "--ctstate" && option !== "--state") return "other";
    const states = value.split(",");
    // What begins is what the flows are about: a rule for it, among others, is no condition.
    if (states.includes("NEW")) continue;
    if (!states.includes("ESTABLISHED")) return "other";
    condition = "established";
  }
  return condition;
}

/**
 * How a program names a packet's interfaces. For ebtables `-i` and `-o` are ports of the bridge, of which a machine that is not there yet
 * has none, and the bridge has options of its own.
 */
const SIDES = {
  packets: { input: "-i", output: "-o" },
  frames: { input: "--logical-in", output: "--logical-out" },
} as const;

/** What ebtables calls the machines' traffic: a rule for it is no condition. */
const OUR_FRAMES: readonly string[] = ["IPv4", "0x0800", "0x800"];

function ruleOf(line: string, layer: Filter["layer"]): { chain: string; rule: Rule } | undefined {
  const [add, chain, ...words] = wordsOf(line);
  if (add !== "-A" || chain === undefined) return undefined;
  const found: { input?: Match; output?: Match; verdict: Verdict } = { verdict: { kind: "none" } };
  const rest: string[] = [];
  const { input, output } = SIDES[layer];
  for (let at = 0; at < words.length; at++) {
    // iptables writes `! -i br0`, ebtables `--logical-in ! br0`.
    const before = words[at] === "!" && [input, output].some((side) => side === words[at + 1]);
    const behind = [input, output].some((side) => side === words[at]) && words[at + 1] === "!";
    const negated = before || behind;
    if (before) at++;
    const word = words[at] ?? "";
    if (behind) at++;
    const value = words[at + 1] ?? "";
    if (word === input) found.input = { names: [value], negated };
    else if (word === output) found.output = { names: [value], negated };
    else if (layer === "frames" && word === "-p" && OUR_FRAMES.includes(value)) {
      // goes on
    } else if (word === "-j" || word === "-g") {
      found.verdict = TARGETS[value] ?? { kind: "jump", chain: value, returns: word === "-j" };
      break; // what comes after it are the target's own options
    } else {
      rest.push(word);
      continue;
    }
    at++;
  }
  return { chain, rule: { text: line, ...found, condition: conditionOf(rest) } };
}

/** Tables that decide about what goes through the host. nat is for addresses, broute sends frames another way. */
const DECIDING: readonly string[] = ["raw", "mangle", "filter", "security"];
const DECIDING_FRAMES: readonly string[] = ["filter", "nat"];

interface Table {
  readonly hooks: Filter["hooks"][number][];
  readonly chains: Map<string, Chain & { rules: Rule[] }>;
}

/** What a chain of the user's own does at its end: ebtables' may have a policy. */
const atEnd = (chain: string, policy: string): Rule[] =>
  policy === "ACCEPT" || policy === "DROP"
    ? [
        {
          text: `${chain}: policy ${policy.toLowerCase()}`,
          condition: "none",
          verdict: { kind: policy === "DROP" ? "drop" : "accept" },
        },
      ]
    : [];

/**
 * The tables that decide about what goes through the host.
 * @param tool the program that the text comes from: `iptables`, `ip6tables-legacy`, `ebtables`, ...
 */
export function parseIptables(text: string, tool: string): Filter[] {
  const layer = tool.startsWith("ebtables") ? "frames" : "packets";
  const tables = new Map<string, Table>();
  const ends = new Map<Chain & { rules: Rule[] }, Rule[]>();
  let table: Table | undefined;
  for (const line of text.split("\n").map((one) => one.trim())) {
    const [, begun] = /^\*(\S+)/.exec(line) ?? [];
    if (begun !== undefined) {
      table = { hooks: [], chains: new Map() };
      tables.set(begun, table);
      continue;
    }
    const [, name, policy = ""] = /^:(\S+) (\S+)/.exec(line) ?? [];
    if (name !== undefined) {
      const chain = { name, rules: [] };
      table?.chains.set(name, chain);
      const point = POINTS.find((one) => one.toUpperCase() === name);
      if (point !== undefined)
        table?.hooks.push({ chain: name, point, policy: policy === "DROP" ? "drop" : "accept" });
      else ends.set(chain, atEnd(name, policy));
      continue;
    }
    const added = ruleOf(line, layer);
    if (added !== undefined) table?.chains.get(added.chain)?.rules.push(added.rule);
  }
  ends.forEach((rules, chain) => chain.rules.push(...rules));
  const deciding = layer === "frames" ? DECIDING_FRAMES : DECIDING;
  return [...tables].flatMap(([name, { hooks, chains }]): Filter[] =>
    deciding.includes(name) && hooks.length > 0
      ? [
          {
            holder: name === "filter" ? tool : `${tool} -t ${name}`,
            layer,
            family: layer === "frames" ? "both" : tool.startsWith("ip6") ? "ipv6" : "ipv4",
            hooks,
            chains,
          },
        ]
      : [],
  );
}
