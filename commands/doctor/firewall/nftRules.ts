/** The rules of nftables as libnftables-json(5) shows them. Pure. */
import { field, list } from "../../http.ts";
import type { Condition, Filter, Match, Rule, Verdict } from "./ruleset.ts";

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
    case "queue":
      // A program decides, and where none listens the kernel drops.
      into.verdict = { kind: "drop" };
      if (into.condition !== "never") into.condition = "other";
      return;
    case "jump":
    case "goto":
      into.verdict = { kind: "jump", chain: String(field(value, "target")), returns: name === "jump" };
      return;
    default:
      // Whether it matches can't be told from outside.
      if (name !== undefined && !SILENT.includes(name) && into.condition !== "never")
        into.condition = "other";
  }
}

/** Tables of bridges see frames. */
export const layerOf = (family: unknown): Filter["layer"] => (family === "bridge" ? "frames" : "packets");

/** Elements of verdict maps with a name, by family, table and name. */
export type Maps = ReadonlyMap<string, readonly unknown[]>;

const keyOf = (one: unknown, name: unknown): string =>
  [field(one, "family"), field(one, "table"), name].map(String).join(" ");

export const mapsIn = (entries: readonly unknown[]): Maps =>
  new Map(
    entries.flatMap((entry) => {
      const map = field(entry, "map");
      return map === undefined ? [] : [[keyOf(map, field(map, "name")), list(field(map, "elem"))] as const];
    }),
  );

/** A rule as the kernel goes through it: one with a verdict map is one rule for each of the map's elements. */
export function rulesOf(value: unknown, maps: Maps): Rule[] {
  const layer = layerOf(field(value, "family"));
  const common: Collected = { condition: "none", verdict: { kind: "none" } };
  const statements = list(field(value, "expr"));
  const vmap = statements.map((statement) => field(statement, "vmap")).find((one) => one !== undefined);
  for (const statement of statements)
    if (field(statement, "vmap") === undefined) collect(statement, common, layer);
  const text = `${keyOf(value, field(value, "chain"))} handle ${String(field(value, "handle"))}`;
  if (vmap === undefined) return [{ text, ...common }];
  const data = field(vmap, "data");
  const elements =
    typeof data === "string"
      ? (maps.get(keyOf(value, data.replace(/^@/, ""))) ?? [])
      : list(field(data, "set"));
  return elements.map((element) => {
    const [key, verdict] = list(element);
    const found: Collected = { ...common };
    const right = field(field(key, "elem"), "val") ?? key;
    match({ op: "==", left: field(vmap, "key"), right }, found, layer);
    collect(verdict, found, layer);
    return { text, ...found };
  });
}
