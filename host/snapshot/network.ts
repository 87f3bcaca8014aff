/** What ip(8), tc(8) and packet filters print, as things that stay the same while nobody changes them. Pure. */

/** Addresses that come and go by themselves: link-local ones with their devices, temporary ones (RFC 8981) every day. */
const isLasting = (line: string): boolean => !/ (?:fe80:|.* temporary )/.test(line);

const ADDRESS = /^\d+: (\S+?)(?:@\S+)? +inet6? (\S+(?: peer \S+)?)/;

/** `br0 10.77.0.1/24`, of `ip -o address`: without how long a lease still holds. */
export const addressesOf = (lines: readonly string[]): string[] =>
  lines.filter(isLasting).flatMap((line) => {
    const [, device = "", address = ""] = ADDRESS.exec(line) ?? [];
    return device === "" ? [] : [`${device} ${address}`];
  });

/** Routes of `ip -o route show table all`, without those to addresses that come and go: `addresses` are the lines of `ip -o address`. */
export function routesOf(lines: readonly string[], addresses: readonly string[]): string[] {
  const fleeting = new Set(
    addresses
      .filter((line) => !isLasting(line))
      .map((line) => ADDRESS.exec(line)?.[2]?.replace(/\/.*/, "") ?? ""),
  );
  return lines
    .filter((line) => !/fe80:|ff00::/.test(line) && !fleeting.has(/^local (\S+)/.exec(line)?.[1] ?? ""))
    .map((line) => line.replaceAll(/ (?:linkdown|dead|nhid \d+|expires .*)(?= |$)/g, "").trim());
}

/** Queues of `tc qdisc`, without numbers, and without those that the kernel gives to each device. */
export const queuesOf = (lines: readonly string[]): string[] =>
  lines
    .filter((line) => !/^qdisc (?:noqueue|pfifo_fast|fq_codel|mq) /.test(line))
    .map((line) => line.replace(/^(qdisc \S+) \S+:/, "$1"));

/**
 * Rules of `iptables-save` and its kin with their table, and chains; no counters. An empty chain of the kernel's that accepts is made by
 * the first use of the filter, and does nothing.
 */
export function savedRules(tool: string, lines: readonly string[]): string[] {
  let table = "";
  return lines.flatMap((line) => {
    if (line.startsWith("*")) table = line.slice(1);
    if (/^(?:[#*]|COMMIT|:[A-Z]+ ACCEPT)/.test(line)) return [];
    return [`${tool} ${table} ${line.replace(/ \[\d+:\d+\]$/, "").replace(/^\[\d+:\d+\] /, "")}`];
  });
}

/** Counters, and how long an element still stays. */
const NFT_COUNTS = / ?\b(?:packets \d+ bytes \d+|used \d+ \w+|last used \S+|expires (?:\d+(?:ms|[dhms]))+)/g;

/** Rules and elements of `nft list ruleset` with the table and chain that they are in; empty ones do nothing. */
export function nftRules(lines: readonly string[]): string[] {
  const within: string[] = [];
  return lines.flatMap((line) => {
    if (line === "}") within.pop();
    else if (/^(?:table|chain|set|map|counter|quota|limit|ct|flowtable|secmark|synproxy) .*\{$/.test(line))
      within.push(line.replace(/^(?:table|chain) /, "").replace(/ \{$/, ""));
    else if (!/^#|^type .* policy accept;$/.test(line))
      return [["nft", ...within, line.replaceAll(NFT_COUNTS, "")].join(" ")];
    return [];
  });
}
