/** The tables of nftables that no iptables writes, as `nft -j list ruleset` shows them (libnftables-json(5)). Pure. */
import { field, list, parsed } from "../../http.ts";
import type { Chain, Condition, Filter, Match, Rule, Verdict } from "./ruleset.ts";

const FAMILIES: Readonly<Record<string, Filter["family"]>> = {
  ip: "ipv4",
  ip6: "ipv6",
  inet: "both",
  bridge: "both",
};

/** Tables that iptables-nft keeps: iptables-save shows them better. */
const isIptables = (family: string, table: string): boolean =>
  (family === "ip" || family === "ip6") && ["filter", "nat", "mangle", "raw", "security"].includes(table);

const names = (right: unknown): string[] =>
  (typeof right === "string" ? [right] : list(field(right, "set"))).map((one) =>
    String(one).replace(/\*$/, "+"),
  );

interface Collected {
  input?: Match;
  output?: Match;
  condition: Condition;
  verdict: Verdict;
}

function match(expression: unknown, into: Collected): void {
  const left = field(expression, "left");
  const operator = field(expression, "op");
  const key = field(field(left, "meta"), "key");
  const right = field(expression, "right");
  const negated = operator === "!=";
  const sides: Readonly<Record<string, "input" | "output">> = {
    iifname: "input",
    iif: "input",
    oifname: "output",
    oif: "output",
  };
  const side = typeof key === "string" ? sides[key] : undefined;
  if (side !== undefined && into[side] === undefined) {
    into[side] = { names: names(right), negated };
    return;
  }
  if (field(field(left, "ct"), "key") === "state" && !negated) {
    const states =
      typeof right === "string"
        ? [right]
        : (list(field(right, "set")).length > 0 ? list(field(right, "set")) : list(right)).map(String);
    if (states.includes("new")) return;
    if (states.includes("established") && into.condition === "none") {
      into.condition = "established";
      return;
    }
  }
  into.condition = "other";
}

/** Statements that neither choose packets nor decide about them. */
const SILENT: readonly string[] = ["counter", "log", "comment"];

function collect(statement: unknown, into: Collected): void {
  const [name] = Object.keys(typeof statement === "object" && statement !== null ? statement : {});
  const value = field(statement, name ?? "");
  switch (name) {
    case "match":
      match(value, into);
      return;
    case "accept":
    case "drop":
    case "return":
      into.verdict = { kind: name };
      return;
    case "reject":
      into.verdict = { kind: "drop" };
      return;
    case "jump":
    case "goto":
      into.verdict = { kind: "jump", chain: String(field(value, "target")), returns: name === "jump" };
      return;
    default:
      // A verdict map or anything else: whether it matches can't be told from outside.
      if (name !== undefined && !SILENT.includes(name)) into.condition = "other";
  }
}

function ruleOf(value: unknown): Rule {
  const found: Collected = { condition: "none", verdict: { kind: "none" } };
  for (const statement of list(field(value, "expr"))) collect(statement, found);
  const at = `${String(field(value, "family"))} ${String(field(value, "table"))} ${String(field(value, "chain"))}`;
  return { text: `${at} handle ${String(field(value, "handle"))}`, ...found };
}

/** The filters of forwarded packets, one for each table that has any. */
export function parseNft(text: string): Filter[] {
  const tables = new Map<
    string,
    { hooks: Filter["hooks"][number][]; chains: Map<string, Chain & { rules: Rule[] }> }
  >();
  for (const entry of list(field(parsed(text), "nftables"))) {
    const [chain, rule] = [field(entry, "chain"), field(entry, "rule")];
    const one = chain ?? rule;
    const [family, table] = [String(field(one, "family")), String(field(one, "table"))];
    if (one === undefined || !(family in FAMILIES) || isIptables(family, table)) continue;
    const key = `${family} ${table}`;
    const kept = tables.get(key) ?? { hooks: [], chains: new Map<string, Chain & { rules: Rule[] }>() };
    tables.set(key, kept);
    if (chain !== undefined) {
      const name = String(field(chain, "name"));
      kept.chains.set(name, { name, rules: [] });
      if (field(chain, "hook") === "forward" && field(chain, "type") === "filter")
        kept.hooks.push({ chain: name, policy: field(chain, "policy") === "drop" ? "drop" : "accept" });
    } else kept.chains.get(String(field(rule, "chain")))?.rules.push(ruleOf(rule));
  }
  return [...tables]
    .filter(([, { hooks }]) => hooks.length > 0)
    .map(([key, { hooks, chains }]) => ({
      holder: `nft ${key}`,
      family: FAMILIES[key.split(" ")[0] ?? ""] ?? "both",
      hooks,
      chains,
    }));
}
