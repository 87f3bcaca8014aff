/** The tables as `iptables-save` and `ebtables-save` write them. Pure. */
import {
  POINTS,
  type Condition,
  type Filter,
  type Match,
  type Rule,
  type Table,
  type Verdict,
} from "./ruleset.ts";

const TARGETS: Readonly<Record<string, Verdict>> = {
  ACCEPT: { kind: "accept" },
  DROP: { kind: "drop" },
  REJECT: { kind: "drop" },
  RETURN: { kind: "return" },
  // A program decides, and where none listens the kernel drops.
  NFQUEUE: { kind: "drop" },
};

/** Words of a line, with quoted ones (comments) as one. */
const wordsOf = (line: string): string[] => line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];

/** Matches that choose no packets by themselves: their options do. */
const MODULES: readonly string[] = ["comment", "conntrack", "state", "physdev"];

/** Options that name one port of a bridge. Machines that are not there yet have none that a rule could name. */
const PORTS: Readonly<Record<Filter["layer"], readonly string[]>> = {
  packets: ["--physdev-in", "--physdev-out"],
  frames: ["-i", "-o"],
};

/** States that belong neither to what begins nor to what is known. */
const ASIDE: readonly string[] = ["INVALID", "RELATED"];

/** What one option asks for without a `!`, and how many words it takes; of an unknown one the values are looked at as options. */
function optionAt(words: readonly string[], layer: Filter["layer"]): readonly [Condition, number] {
  const [option = "", value = ""] = words;
  if ((option === "-m" && MODULES.includes(value)) || option === "--comment") return ["none", 2];
  if (option === "--physdev-is-bridged") return ["bridged", 1];
  // A name that ends in + stands for many ports.
  if (PORTS[layer].includes(option) && /^[^!].*[^+]$/.test(value)) return ["never", 2];
  if (option !== "--ctstate" && option !== "--state") return ["other", 1];
  const states = value.split(",");
  // What begins is what the flows are about: a rule for it, among others, is no condition.
  if (states.includes("NEW")) return ["none", 2];
  if (states.includes("ESTABLISHED")) return ["established", 2];
  return [states.every((state) => ASIDE.includes(state)) ? "never" : "other", 2];
}

function conditionOf(rest: readonly string[], layer: Filter["layer"]): Condition {
  const found = new Set<Condition>();
  for (let at = 0; at < rest.length;) {
    const negated = rest[at] === "!";
    if (negated) at++;
    const [condition, words] = optionAt(rest.slice(at), layer);
    at += words;
    if (condition === "bridged" && negated) found.add("routed");
    else if (condition !== "none" || negated) found.add(negated ? "other" : condition);
  }
  // One condition that fails is enough. Answers are looked at where they are routed only.
  if (found.has("never")) return "never";
  if (found.has("established")) found.delete("routed");
  const [first = "none", ...others] = found;
  return others.length === 0 ? first : "other";
}

/** Whether a rule is about packets to one single address. */
const isToOne = (rest: readonly string[]): boolean =>
  rest.some((word, at) => word === "-d" && rest[at - 1] !== "!" && /\/(?:32|128)$/.test(rest[at + 1] ?? ""));

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
  let queued = false;
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
      queued = value === "NFQUEUE";
      found.verdict = TARGETS[value] ?? { kind: "jump", chain: value, returns: word === "-j" };
      break; // what comes after it are the target's own options
    } else {
      rest.push(word);
      continue;
    }
    at++;
  }
  const own = conditionOf(rest, layer);
  const condition = queued && own !== "never" ? "other" : own;
  return { chain, rule: { text: line, ...found, condition, toOne: isToOne(rest) } };
}

/** Tables that decide about what goes through the host. nat is for addresses, broute sends frames another way. */
const DECIDING: readonly string[] = ["raw", "mangle", "filter", "security"];
const DECIDING_FRAMES: readonly string[] = ["filter", "nat"];

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
  const ends = new Map<{ readonly rules: Rule[] }, Rule[]>();
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
