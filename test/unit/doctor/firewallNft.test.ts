/** Judgements about a host's packet filters, by what nft prints. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { judgeForward } from "../../../commands/doctor/checks/forward.ts";
import { flowsOf } from "../../../commands/doctor/firewall/look.ts";
import { parseNft, unjudged } from "../../../commands/doctor/firewall/nft.ts";
import { everywhere, fateOf, plan, shown, words } from "./support.ts";

describe("doctor: packet filters of nftables", () => {
  const filters = parseNft(readFileSync(join(import.meta.dirname, "nft.json"), "utf8"));
  it("reads tables that iptables does not keep", () => {
    assert.deepEqual(
      filters.map(({ holder }) => holder),
      ["nft inet filter", "nft bridge lan"],
    );
  });
  /** A table of nftables with one chain at the hook "forward", one beside it, and whatever else is given. */
  const nftTable = (expr: readonly unknown[], ...more: readonly unknown[]): string => {
    const at = { family: "inet", table: "own" };
    return JSON.stringify({
      nftables: [
        { chain: { ...at, name: "fwd", type: "filter", hook: "forward", policy: "accept" } },
        { chain: { ...at, name: "deny" } },
        { rule: { ...at, chain: "fwd", handle: 4, expr } },
        { rule: { ...at, chain: "deny", handle: 5, expr: [{ drop: null }] } },
        ...more,
      ],
    });
  };
  it("goes through verdict maps, of interfaces, states and what can't be judged; a queue is no judge", () => {
    const key = (name: string): object => ({ meta: { key: name } });
    const vmap = (of: object, data: unknown): object => ({ vmap: { key: of, data } });
    const set = (...elements: readonly unknown[]): object => ({ set: elements });
    const deny = { jump: { target: "deny" } };
    const rows: [readonly unknown[], RegExp][] = [
      [[vmap(key("iifname"), set(["br0", deny]))], /^problem: .*inet own deny handle 5/],
      [[vmap(key("iifname"), set(["br9", deny]))], /^ok/],
      [
        [vmap(key("oifname"), set(["br9", { accept: null }], ["br0", { drop: null }]))],
        /^problem: .*handle 4/,
      ],
      [
        [vmap({ ct: { key: "state" } }, set(["established", { accept: null }], ["invalid", { drop: null }]))],
        /^ok/,
      ],
      [[vmap({ ct: { key: "state" } }, set(["new", { drop: null }]))], /^problem/],
      [[vmap(key("mark"), set([7, deny]))], /^note: not judged: nft inet own has 1 rule .*fwd handle 4/],
      [[vmap(key("mark"), set([7, { accept: null }]))], /^ok/],
      [[vmap(key("iifname"), "@ways")], /^problem/],
      [[vmap(key("iifname"), "@nosuch")], /^ok/],
      // An element may have a counter or a time-out of its own.
      [[vmap(key("iifname"), set([{ elem: { val: "br0", timeout: 60 } }, deny]))], /^problem/],
      [
        [
          { match: { op: "==", left: key("nfproto"), right: "ipv6" } },
          vmap(key("iifname"), set(["br0", { drop: null }])),
        ],
        /^ok/,
      ],
      [[{ queue: { num: 3 } }], /^note: not judged: nft inet own has 1 rule /],
      [[{ match: { op: "==", left: key("iifname"), right: "br9" } }, { queue: null }], /^ok/],
    ];
    const ways = {
      map: { family: "inet", table: "own", name: "ways", map: "verdict", elem: [["br0", deny]] },
    };
    for (const [expr, expected] of rows) {
      const filters = parseNft(nftTable(expr, ways));
      const [first] = judgeForward(plan(), { filters, faults: [] }, everywhere, words.asRoot);
      assert.ok(first);
      assert.match(shown(first), expected, JSON.stringify(expr));
    }
  });
  it("says which tables are at a network card itself", () => {
    const chain = { family: "netdev", table: "early", name: "in", hook: "ingress", dev: "eth0" };
    assert.deepEqual(unjudged(JSON.stringify({ nftables: [{ chain }, { chain }] })), [
      "nft netdev early filters at eth0 itself",
    ]);
    assert.deepEqual(unjudged("{}"), []);
  });
  it("knows the hooks around forwarding, and a bridge by its own name in a table of bridges", () => {
    const chain = (family: string, hook: string, type = "filter"): object => ({
      chain: { family, table: "t", name: "c", type, hook, policy: "accept" },
    });
    const drop = (family: string, key: string): object => ({
      rule: {
        ...{ family, table: "t", chain: "c", handle: 1 },
        expr: [{ match: { op: "==", left: { meta: { key } }, right: "br0" } }, { drop: null }],
      },
    });
    const judged = (...nftables: object[]): string =>
      shown(
        judgeForward(
          plan(),
          { filters: parseNft(JSON.stringify({ nftables })), faults: [] },
          everywhere,
          words.asRoot,
        ),
      );
    assert.match(
      judged(chain("inet", "prerouting"), drop("inet", "iifname")),
      /-> sudo nft insert rule inet t c iifname br0 accept$/m,
    );
    assert.match(
      judged(chain("ip", "postrouting"), drop("ip", "oifname")),
      /-> sudo nft insert rule ip t c oifname br0 accept$/m,
    );
    assert.match(judged(chain("ip", "prerouting", "nat"), drop("ip", "iifname")), /^ok/);
    assert.match(
      judged(chain("bridge", "forward"), drop("bridge", "ibrname")),
      /^problem: nft bridge t drops/m,
    );
    assert.match(judged(chain("bridge", "forward"), drop("bridge", "iifname")), /^ok/);
    const on = (left: object, op = "==", right: unknown = "x", more: object[] = []): string =>
      judged(chain("inet", "forward"), {
        rule: {
          ...{ family: "inet", table: "t", chain: "c", handle: 5 },
          expr: [...more, { match: { op, left, right } }, { drop: null }],
        },
      });
    const daddr = (protocol: string): object => ({ payload: { protocol, field: "daddr" } });
    assert.match(
      on(daddr("ip")),
      /^note: not judged: nft inet t has 1 rule that drops .*: inet t c handle 5 -> sudo nft -a list chain inet t c$/,
    );
    // As firewalld has them: about IPv6, or about what is no connection.
    assert.match(on(daddr("ip6")), /^ok/);
    assert.match(on({ meta: { key: "nfproto" } }, "==", "ipv6"), /^ok/);
    assert.match(on({ meta: { key: "nfproto" } }, "==", "ipv4"), /^problem/);
    assert.match(on({ ct: { key: "state" } }, "in", "invalid"), /^ok/);
    const elsewhere = { match: { op: "!=", left: { meta: { key: "iifname" } }, right: "docker0" } };
    assert.match(on(daddr("ip"), "==", "172.17.0.2", [elsewhere]), /^ok/);
    assert.match(on(daddr("ip"), "==", { prefix: { addr: "10.0.0.0", len: 8 } }, [elsewhere]), /^note/);
  });
  it("reads what ebtables keeps where no ebtables shows it", () => {
    const kept = {
      chain: {
        family: "bridge",
        table: "filter",
        name: "FORWARD",
        type: "filter",
        hook: "forward",
        policy: "drop",
      },
    };
    const text = JSON.stringify({ nftables: [kept] });
    assert.equal(parseNft(text).length, 0);
    assert.deepEqual(
      parseNft(text, ["ip", "ip6"]).map(({ holder }) => holder),
      ["nft bridge filter"],
    );
  });
  const nftCases: [string, "between" | "out" | "answers", "accept" | "drop"][] = [
    ["br0", "between", "drop"],
    ["br0", "answers", "accept"],
    ["br5", "out", "accept"],
    ["virbr3", "out", "accept"],
    ["br7", "between", "accept"],
    ["br8", "out", "drop"],
  ];
  for (const [bridge, flow, expected] of nftCases)
    it(`${bridge} (${flow})`, () => {
      assert.ok(filters[0]);
      assert.equal(fateOf(filters[0], flowsOf(bridge)[flow]).verdict, expected);
    });

  it("judges by what the filters see, and names firewalld's own command", () => {
    const firewalld = parseNft(
      readFileSync(join(import.meta.dirname, "nft.json"), "utf8").replaceAll(
        '"table": "filter"',
        '"table": "firewalld"',
      ),
    );
    const remedies = judgeForward(
      plan(),
      { filters: firewalld, faults: [] },
      { filtered: { ipv4: true, ipv6: true }, way: "bridged" },
      words.asRoot,
    );
    assert.match(shown(remedies), /firewall-cmd --zone=trusted --add-interface=br0/);
    const ofBridges = judgeForward(
      plan({ bridge: "br9" }),
      { filters, faults: [] },
      { filtered: { ipv4: false, ipv6: false }, way: "bridged" },
      words.asRoot,
    );
    assert.match(shown(ofBridges), /^problem: nft bridge lan drops/);
  });
});
