/** The tables of nftables that no iptables and no ebtables writes, as `nft -j list ruleset` shows them (libnftables-json(5)). Pure. */
import { field, list, parsed } from "../../http.ts";
import {
  POINTS,
  type Condition,
  type Filter,
  type Match,
  type Rule,
  type Table,
  type Verdict,
} from "./ruleset.ts";

const FAMILIES: Readonly<Record<string, Filter["family"]>> = {
  ip: "ipv4",
  ip6: "ipv6",
  inet: "both",
  bridge: "both",
};

/** Tables that iptables-nft and ebtables-nft keep: what saves them shows them better. */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  ip: ["filter", "nat", "mangle", "raw", "security"],
  ip6: ["filter", "nat", "mangle", "raw", "security"],
  bridge: ["filter", "nat", "broute"],
};

const names = (right: unknown): string[] =>
  (typeof right === "string" ? [right] : list(field(right, "set"))).map((one) =>
    String(one).replace(/\*$/, "+"),
  );

interface Collected {
  input?: Match;
  output?: Match;
  condition: Condition;
  toOne?: boolean;
  verdict: Verdict;
}

/** What names the interfaces. In a bridge's table that is the bridge: `iifname` is one of its ports there. */
const SIDES: Readonly<Record<Filter["layer"], Readonly<Record<string, "input" | "output">>>> = {
  packets: { iifname: "input", iif: "input", oifname: "output", oif: "output" },
  frames: { ibrname: "input", obrname: "output" },
};

/** Protocols of IPv6: the machines' traffic that is asked about goes by IPv4. */
const OF_IPV6: readonly unknown[] = ["ip6", "icmpv6"];

function match(expression: unknown, into: Collected, layer: Filter["layer"]): void {
  const left = field(expression, "left");
  const operator = field(expression, "op");
  const key = field(field(left, "meta"), "key");
  const right = field(expression, "right");
  const negated = operator === "!=";
  const side = typeof key === "string" ? SIDES[layer][key] : undefined;
  if (side !== undefined && into[side] === undefined) {
    into[side] = { names: names(right), negated };
    return;
  }
  const payload = field(left, "payload");
  // A packet of the other family, or a frame at one port by its name.
  const isPort = layer === "frames" && (key === "iifname" || key === "oifname");
  const isNever =
    OF_IPV6.includes(field(payload, "protocol")) ||
    (!negated && key === "nfproto" && right === "ipv6") ||
    (!negated && isPort && names(right).every((name) => !name.endsWith("+")));
  if (isNever) into.condition = "never";
  if (into.condition === "never" || (!negated && key === "nfproto" && right === "ipv4")) return;
  if (field(payload, "field") === "daddr" && !negated && typeof right === "string") into.toOne = true;
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
    if (states.length > 0 && states.every((state) => state === "invalid" || state === "related")) {
      into.condition = "never";
      return;
    }
  }
  into.condition = "other";
}

/** Statements that neither choose packets nor decide about them. */
const SILENT: readonly string[] = ["counter", "log", "comment"];

function collect(statement: unknown, into: Collected, layer: Filter["layer"]): void {
  const [name] = Object.keys(typeof statement === "object" && statement !== null ? statement : {});
  const value = field(statement, name ?? "");
  switch (name) {
    case "match":
      match(value, into, layer);
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
      if (name !== undefined && !SILENT.includes(name) && into.condition !== "never")
        into.condition = "other";
  }
}

const layerOf = (family: unknown): Filter["layer"] => (family === "bridge" ? "frames" : "packets");

function ruleOf(value: unknown): Rule {
  const found: Collected = { condition: "none", verdict: { kind: "none" } };
  for (const statement of list(field(value, "expr")))
    collect(statement, found, layerOf(field(value, "family")));
  const at = `${String(field(value, "family"))} ${String(field(value, "table"))} ${String(field(value, "chain"))}`;
  return { text: `${at} handle ${String(field(value, "handle"))}`, ...found };
}

/**
 * The filters of what goes through the host, one for each table that has any.
 * @param kept families of the tables that another program has shown already: `ip`, `ip6`, `bridge`.
 */
export function parseNft(text: string, kept: readonly string[] = Object.keys(KEPT)): Filter[] {
  const tables = new Map<string, Table & { readonly family: string }>();
  for (const entry of list(field(parsed(text), "nftables"))) {
    const [chain, rule] = [field(entry, "chain"), field(entry, "rule")];
    const one = chain ?? rule;
    const [family, table] = [String(field(one, "family")), String(field(one, "table"))];
    const shown = kept.includes(family) && (KEPT[family] ?? []).includes(table);
    if (one === undefined || !(family in FAMILIES) || shown) continue;
    const key = `${family} ${table}`;
    const found: Table & { readonly family: string } = tables.get(key) ?? {
      family,
      hooks: [],
      chains: new Map(),
    };
    tables.set(key, found);
    if (chain !== undefined) {
      const name = String(field(chain, "name"));
      found.chains.set(name, { name, rules: [] });
      const point = POINTS.find((each) => each === field(chain, "hook"));
      if (point !== undefined && field(chain, "type") === "filter")
        found.hooks.push({
          chain: name,
          point,
          policy: field(chain, "policy") === "drop" ? "drop" : "accept",
        });
    } else found.chains.get(String(field(rule, "chain")))?.rules.push(ruleOf(rule));
  }
  return [...tables]
    .filter(([, { hooks }]) => hooks.length > 0)
    .map(([key, { family, hooks, chains }]) => ({
      holder: `nft ${key}`,
      layer: layerOf(family),
      family: FAMILIES[family] ?? "both",
      hooks,
      chains,
    }));
}

/** Tables that decide about frames at a network card itself: a line for each, since which machine they meet can't be told. */
export const unjudged = (text: string): string[] => {
  const lines = list(field(parsed(text), "nftables")).flatMap((entry) => {
    const chain = field(entry, "chain");
    const [family, table, device] = ["family", "table", "dev"].map((name) => field(chain, name));
    if (family !== "netdev") return [];
    return [
      `nft netdev ${String(table)} filters at ${typeof device === "string" ? device : "a network card"} itself`,
    ];
  });
  return [...new Set(lines)];
};
