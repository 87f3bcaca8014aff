/** The tables of nftables that no iptables and no ebtables writes, as `nft -j list ruleset` shows them (libnftables-json(5)). Pure. */
import { field, list, parsed } from "../../http.ts";
import { layerOf, mapsIn, rulesOf } from "./nftRules.ts";
import { POINTS, type Filter, type Table } from "./ruleset.ts";

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

/**
 * The filters of what goes through the host, one for each table that has any.
 * @param kept families of the tables that another program has shown already: `ip`, `ip6`, `bridge`.
 */
export function parseNft(text: string, kept: readonly string[] = Object.keys(KEPT)): Filter[] {
  const tables = new Map<string, Table & { readonly family: string }>();
  const entries = list(field(parsed(text), "nftables"));
  const maps = mapsIn(entries);
  for (const entry of entries) {
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
    } else found.chains.get(String(field(rule, "chain")))?.rules.push(...rulesOf(rule, maps));
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
