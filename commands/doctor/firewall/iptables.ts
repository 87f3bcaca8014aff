/** The filter table as `iptables-save -t filter` writes it. Pure. */
import type { Chain, Condition, Filter, Match, Rule, Verdict } from "./ruleset.ts";

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

function ruleOf(line: string): { chain: string; rule: Rule } | undefined {
  const [add, chain, ...words] = wordsOf(line);
  if (add !== "-A" || chain === undefined) return undefined;
  const found: { input?: Match; output?: Match; verdict: Verdict } = { verdict: { kind: "none" } };
  const rest: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const negated = words[at] === "!" && (words[at + 1] === "-i" || words[at + 1] === "-o");
    if (negated) at++;
    const [word = "", value = ""] = [words[at], words[at + 1]];
    if (word === "-i") found.input = { names: [value], negated };
    else if (word === "-o") found.output = { names: [value], negated };
    else if (word === "-j" || word === "-g") {
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

/** @param holder the program that the text comes from: `iptables`, `ip6tables-legacy`, ... */
export function parseIptables(text: string, holder: string): Filter {
  const chains = new Map<string, Chain & { rules: Rule[] }>();
  const hooks: Filter["hooks"][number][] = [];
  for (const line of text.split("\n").map((one) => one.trim())) {
    const [, chain, policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
    if (chain !== undefined) {
      chains.set(chain, { name: chain, rules: [] });
      if (chain === "FORWARD") hooks.push({ chain, policy: policy === "DROP" ? "drop" : "accept" });
      continue;
    }
    const added = ruleOf(line);
    if (added !== undefined) chains.get(added.chain)?.rules.push(added.rule);
  }
  return { holder, family: holder.startsWith("ip6") ? "ipv6" : "ipv4", hooks, chains };
}
