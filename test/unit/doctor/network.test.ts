/** Judgements about a host's network, by recorded answers. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { aclFor, judgeAcl } from "../../../commands/doctor/checks/bridgeAcl.ts";
import { judgeBridge, linksIn } from "../../../commands/doctor/checks/bridge.ts";
import { judgeDhcp } from "../../../commands/doctor/checks/dhcp.ts";
import { judgeForward } from "../../../commands/doctor/checks/forward.ts";
import { judgeSysctls, sysctlsIn, wayOf } from "../../../commands/doctor/checks/sysctls.ts";
import { parseIptables } from "../../../commands/doctor/firewall/iptables.ts";
import { flowsOf } from "../../../commands/doctor/firewall/look.ts";
import { parseNft, unjudged } from "../../../commands/doctor/firewall/nft.ts";
import { fateOf } from "../../../commands/doctor/firewall/ruleset.ts";
import { failed, missing, plan, said, shown, words } from "./support.ts";

/** As iproute2 6.1 writes an interface, cut. */
const link = (name: string, kind: string, more: object = {}, up = true) => ({
  ifname: name,
  flags: ["BROADCAST", "MULTICAST", ...(up ? ["UP", "LOWER_UP"] : [])],
  operstate: up ? "UP" : "DOWN",
  ...(kind === ""
    ? {}
    : { linkinfo: { info_kind: kind, info_data: { forward_delay: 1500, stp_state: 0, ...more } } }),
  addr_info: [{ family: "inet", local: "10.9.0.1", prefixlen: 24, scope: "global" }],
});
const json = (...links: object[]) => said(JSON.stringify(links));

describe("doctor: the bridge", () => {
  const judged = (self: ReturnType<typeof said>, ports = json(), others: string[] = []): string =>
    shown(judgeBridge(plan(), { self, ports }, others, words));
  const nothing = failed('Device "br0" does not exist.');

  it("is there and up", () => {
    assert.equal(judged(json(link("br0", "bridge"))), "ok: br0 is up, with no port yet");
    assert.equal(judged(json(link("br0", "bridge")), json(link("eth0", ""))), "ok: br0 is up, with 1 port");
  });
  it("is missing: another one is proposed, or libvirt's own", () => {
    assert.match(
      judged(nothing, json(), ["virbr0"]),
      /^problem: .*no bridge br0; it has virbr0 -> pulumi config set bridge virbr0$/,
    );
    assert.match(
      judged(nothing),
      /^problem: .* -> sudo virsh net-start default && pulumi config set bridge virbr0$/,
    );
  });
  it("is something else, is down, has a port that is down, is silent at first", () => {
    assert.match(judged(json(link("br0", ""))), /^problem: br0 is no bridge but a network card/);
    assert.match(
      judged(json(link("br0", "openvswitch"))),
      /^problem: br0 is no bridge but of kind openvswitch/,
    );
    assert.match(
      judged(json(link("br0", "bridge", {}, false))),
      /^problem: .*is down -> sudo ip link set dev br0 up$/,
    );
    assert.match(
      judged(json(link("br0", "bridge")), json(link("eth0", "", {}, false))),
      /^warning: .*port eth0 is down -> sudo ip link set dev eth0 up$/,
    );
    assert.match(
      judged(json(link("br0", "bridge", { stp_state: 1 }))),
      /^warning: .*spanning tree is on, .*first 30 s/,
    );
  });
  it("could not be looked at", () => {
    assert.match(judged(missing), /^note: .*no program ip/);
    assert.match(judged(failed("ssh: connection lost", 255)), /^note: not checked: .*connection lost/);
  });
  it("leads out by a network card, a bond or a VLAN, not by machines' ends", () => {
    const way = (...kinds: string[]) =>
      wayOf(linksIn(json(...kinds.map((kind, at) => link(`p${at}`, kind)))));
    assert.equal(way(), "routed");
    assert.equal(way("tun", "veth"), "routed");
    for (const kind of ["", "bond", "vlan"]) assert.equal(way("tun", kind), "bridged", kind);
  });
});

describe("doctor: DHCP", () => {
  const offer = { address: "10.9.0.22", server: "10.9.0.1", router: "10.9.0.1", leaseTime: 3600 };
  it("answers, without a router, or not at all", () => {
    assert.equal(
      shown(judgeDhcp(plan(), { kind: "offer", offer }, words)),
      "ok: 10.9.0.1 offers 10.9.0.22 on br0 (router 10.9.0.1, leases of 60 min)",
    );
    const { address, server, leaseTime } = offer;
    assert.match(
      shown(judgeDhcp(plan(), { kind: "offer", offer: { address, server, leaseTime } }, words)),
      /^note: .*no router/,
    );
    assert.match(
      shown(judgeDhcp(plan(), { kind: "silence", seconds: 10 }, words)),
      /^problem: no DHCP server answered on br0 within 10 s/,
    );
    assert.match(
      shown(judgeDhcp(plan(), { kind: "fault", words: "unshare: no" }, words)),
      /^note: not checked: DHCP on br0 \(unshare: no\)/,
    );
  });
  it("is no problem where the server knows the nodes alone", () => {
    const nodes = { a: { address: "10.9.0.5" }, b: { address: "10.9.0.6" }, c: { address: "10.9.0.7" } };
    assert.match(shown(judgeDhcp(plan({ nodes }), { kind: "silence", seconds: 10 }, words)), /^warning/);
  });
});

describe("doctor: kernel settings", () => {
  const names = ["net.ipv4.ip_forward", "net.bridge.bridge-nf-call-iptables"];
  const values = (forward: string, filter?: string) =>
    sysctlsIn(
      said(
        `/proc/sys/net/ipv4/ip_forward:${forward}\n${filter === undefined ? "" : `/proc/sys/net/bridge/bridge-nf-call-iptables:${filter}\n`}`,
      ),
      names,
    );
  const judged = (seen: ReadonlyMap<string, string>, way: "bridged" | "routed"): string =>
    shown(judgeSysctls(plan(), seen, { way, ipv6: false }, words.asRoot));
  it("forwarding only where the host routes", () => {
    assert.match(judged(values("1"), "routed"), /^ok/);
    assert.match(
      judged(values("0"), "routed"),
      /^warning: net\.ipv4\.ip_forward = 0 -> sudo sysctl -w net\.ipv4\.ip_forward=1$/,
    );
    assert.match(judged(values("0"), "bridged"), /^ok: .*not needed/);
  });
  it("bridge-netfilter where it is loaded", () => {
    assert.match(
      judged(values("1", "1"), "bridged"),
      /^warning: .*-> sudo sysctl -w net\.bridge\.bridge-nf-call-iptables=0$/,
    );
    assert.match(judged(values("1", "0"), "bridged"), /^ok/);
  });
});

/** A host with Docker and libvirt's network "default", cut. */
const DOCKER = `# Generated by iptables-save v1.8.9 (nf_tables)
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [12:720]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
:LIBVIRT_FWI - [0:0]
:LIBVIRT_FWO - [0:0]
:LIBVIRT_FWX - [0:0]
-A FORWARD -j LIBVIRT_FWX
-A FORWARD -j LIBVIRT_FWI
-A FORWARD -j LIBVIRT_FWO
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER-USER -j RETURN
-A LIBVIRT_FWI -d 192.168.122.0/24 -o virbr0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A LIBVIRT_FWI -o virbr0 -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWO -s 192.168.122.0/24 -i virbr0 -j ACCEPT
-A LIBVIRT_FWO -i virbr0 -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWX -i virbr0 -o virbr0 -j ACCEPT
COMMIT
`;

describe("doctor: packet filters", () => {
  const fate = (rules: string, bridge: string, what: "between" | "out" | "answers"): string => {
    const [filter] = parseIptables(rules, "iptables");
    assert.ok(filter);
    const { verdict, by } = fateOf(filter, flowsOf(bridge)[what]);
    return `${verdict} by ${by}`;
  };
  const table = (rules: string, policy = "ACCEPT"): string =>
    `*filter\n:FORWARD ${policy} [0:0]\n:X - [0:0]\n${rules}\nCOMMIT\n`;
  const cases: [string, string, "between" | "out" | "answers", RegExp][] = [
    ["nothing", table(""), "between", /^accept/],
    ["a policy", table("", "DROP"), "between", /^drop by FORWARD: policy drop/],
    ["Docker's policy", DOCKER, "between", /^drop by FORWARD: policy drop/],
    ["a rule for the bridge", table("-A FORWARD -i br0 -j ACCEPT", "DROP"), "out", /^accept/],
    ["a rule for bridges by pattern", table("-A FORWARD -i br+ -j ACCEPT", "DROP"), "between", /^accept/],
    ["a rule for another bridge", table("-A FORWARD -i br1 -j ACCEPT", "DROP"), "between", /^drop/],
    ["all but the bridge", table("-A FORWARD ! -i br0 -j DROP"), "between", /^accept/],
    [
      "a drop behind an acceptance",
      table("-A FORWARD -i br0 -j ACCEPT\n-A FORWARD -j DROP"),
      "between",
      /^accept/,
    ],
    [
      "a reject at the end",
      table("-A FORWARD -j REJECT --reject-with icmp-host-prohibited"),
      "between",
      /^drop by -A FORWARD -j REJECT/,
    ],
    ["a drop with conditions", table("-A FORWARD -s 10.0.0.0/8 -j DROP"), "between", /^accept/],
    [
      "a chain that returns",
      table("-A FORWARD -j X\n-A X -j RETURN", "DROP"),
      "between",
      /^drop by FORWARD: policy/,
    ],
    ["a chain that drops", table("-A FORWARD -j X\n-A X -o br0 -j DROP"), "between", /^drop by -A X -o br0/],
    ["a loop of chains", table("-A FORWARD -j X\n-A X -j X"), "between", /^accept/],
    [
      "a target that decides nothing",
      table('-A FORWARD -m comment --comment "all of it" -j LOG --log-prefix "x -j DROP "'),
      "between",
      /^accept/,
    ],
    [
      "answers to what is known",
      table("-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "DROP"),
      "answers",
      /^accept/,
    ],
    [
      "what begins is no answer",
      table("-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "DROP"),
      "out",
      /^drop/,
    ],
    [
      "what begins, named with the rest",
      table("-A FORWARD -m state --state NEW,ESTABLISHED -j DROP"),
      "out",
      /^drop/,
    ],
  ];
  for (const [what, rules, flow, expected] of cases)
    it(`iptables: ${what} (${flow})`, () => {
      assert.match(fate(rules, "br0", flow), expected);
    });

  it("iptables: libvirt's own network lets its machines talk", () => {
    assert.match(fate(DOCKER, "virbr0", "between"), /^accept by -A LIBVIRT_FWX/);
  });

  /** A save of several tables. */
  const tables = (all: Readonly<Record<string, string>>): string =>
    Object.entries(all)
      .map(([name, text]) => `*${name}\n${text}\nCOMMIT\n`)
      .join("");
  const everywhere = { filtered: { ipv4: true, ipv6: true }, way: "routed" } as const;
  const judgedOf = (text: string, tool: string, way: "routed" | "bridged" = "routed"): string =>
    shown(
      judgeForward(
        plan(),
        { filters: parseIptables(text, tool), faults: [] },
        { ...everywhere, way },
        words.asRoot,
      ),
    );

  it("looks at all tables of iptables that decide, at each where the machines' packets come by", () => {
    const accepts = "*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n";
    const rows: [string, RegExp][] = [
      [
        tables({ mangle: ":PREROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n-A PREROUTING -i br0 -j DROP" }),
        /^problem: iptables -t mangle drops .*: -A PREROUTING -i br0 -j DROP -> sudo iptables -t mangle -I PREROUTING -i br0 -j ACCEPT$/m,
      ],
      [
        tables({ mangle: ":POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -o br0 -j DROP" }),
        /^problem: .* -> sudo iptables -t mangle -I POSTROUTING -o br0 -j ACCEPT$/m,
      ],
      [
        tables({ raw: ":PREROUTING DROP [0:0]\n:OUTPUT ACCEPT [0:0]" }),
        /^problem: iptables -t raw drops .* -> sudo .*iptables -t raw -S PREROUTING # let through/m,
      ],
      [tables({ security: ":FORWARD DROP [0:0]" }), /^problem: iptables -t security drops /m],
      [tables({ raw: ":PREROUTING ACCEPT [0:0]\n:OUTPUT DROP [0:0]" }), /^ok/],
      [tables({ nat: ":PREROUTING DROP [0:0]" }), /^ok/],
    ];
    for (const [text, expected] of rows) assert.match(judgedOf(text + accepts, "iptables"), expected);
    assert.match(
      judgedOf(tables({ raw: ":PREROUTING DROP [0:0]" }), "iptables", "bridged"),
      /-> sudo iptables -t raw -I PREROUTING -i br0 -j ACCEPT$/m,
    );
  });

  it("looks at frames on the bridge, as ebtables has them", () => {
    const rows: [string, RegExp][] = [
      [
        ":FORWARD DROP",
        /^problem: ebtables drops what machines on the bridge send to each other: FORWARD: policy drop .*'ebtables -I FORWARD --logical-in br0 -j ACCEPT && ebtables -I FORWARD --logical-out br0 -j ACCEPT'$/m,
      ],
      [":FORWARD ACCEPT\n-A FORWARD -p IPv4 --logical-in br0 -j DROP", /^problem: ebtables drops/m],
      [":FORWARD ACCEPT\n-A FORWARD --logical-in ! br1 -j DROP", /^problem: ebtables drops/m],
      [":FORWARD ACCEPT\n-A FORWARD --logical-in br1 -j DROP", /^ok/],
      // A port, which may be no machine's.
      [":FORWARD ACCEPT\n-A FORWARD -i br0 -j DROP", /^ok/],
      [":FORWARD DROP\n:ours ACCEPT\n-A FORWARD --logical-in br0 -j ours\n-A ours -p ARP -j DROP", /^ok/],
      [":FORWARD DROP\n:ours RETURN\n-A FORWARD --logical-in br0 -j ours", /^problem: ebtables drops/m],
    ];
    for (const [text, expected] of rows)
      assert.match(judgedOf(tables({ filter: text }), "ebtables"), expected, text);
    assert.match(
      judgedOf(tables({ nat: ":PREROUTING DROP" }), "ebtables-legacy", "bridged"),
      /^problem: ebtables-legacy -t nat drops/m,
    );
    assert.match(judgedOf(tables({ broute: ":BROUTING DROP" }), "ebtables"), /^ok/);
  });

  const filters = parseNft(readFileSync(join(import.meta.dirname, "nft.json"), "utf8"));
  it("nftables: reads tables that iptables does not keep", () => {
    assert.deepEqual(
      filters.map(({ holder }) => holder),
      ["nft inet filter", "nft bridge lan"],
    );
  });
  it("nftables: says which tables are at a network card itself", () => {
    const chain = { family: "netdev", table: "early", name: "in", hook: "ingress", dev: "eth0" };
    assert.deepEqual(unjudged(JSON.stringify({ nftables: [{ chain }, { chain }] })), [
      "nft netdev early filters at eth0 itself",
    ]);
    assert.deepEqual(unjudged("{}"), []);
  });
  it("nftables: knows the hooks around forwarding, and a bridge by its own name in a table of bridges", () => {
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
  });
  it("nftables: reads what ebtables keeps where no ebtables shows it", () => {
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
    it(`nftables: ${bridge} (${flow})`, () => {
      assert.ok(filters[0]);
      assert.equal(fateOf(filters[0], flowsOf(bridge)[flow]).verdict, expected);
    });

  it("judges by what the filters see", () => {
    const docker = { filters: parseIptables(DOCKER, "iptables"), faults: [] };
    const judged = (filtered: boolean, way: "bridged" | "routed"): string =>
      shown(judgeForward(plan(), docker, { filtered: { ipv4: filtered, ipv6: false }, way }, words.asRoot));
    assert.match(
      judged(true, "bridged"),
      /^problem: iptables drops what machines on the bridge send to each other.* -> sudo sh -c 'iptables -I FORWARD -i br0 -j ACCEPT && /,
    );
    assert.match(judged(false, "routed"), /^warning: iptables drops what the machines send beyond this host/);
    assert.match(judged(false, "bridged"), /^ok/);
    const faulty = judgeForward(
      plan(),
      { filters: [], faults: ["nft: no"] },
      { filtered: { ipv4: true, ipv6: true }, way: "routed" },
      words.asRoot,
    );
    assert.match(shown(faulty), /^note: not checked: a packet filter \(nft: no\)/);
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

describe("doctor: the bridge helper's list", () => {
  it("is read as the helper reads it", () => {
    const table: [string, "allowed" | "denied" | "silent"][] = [
      ["allow br0\n", "allowed"],
      ["  allow\tbr0 # ours\n", "allowed"],
      ["allow all", "allowed"],
      ["allow all\ndeny br0", "denied"],
      ["allow br01\n", "silent"],
      ["#allow br0\n", "silent"],
      ["", "silent"],
    ];
    for (const [text, expected] of table) assert.equal(aclFor(text, "br0"), expected, text);
  });
  it("matters to users' own connections only", () => {
    const helper = said("4755 /usr/lib/qemu/qemu-bridge-helper\n");
    const judged = (list: ReturnType<typeof said>, session = true, tool = helper): string =>
      shown(judgeAcl(plan(), { list, helper: tool }, session, words.asRoot));
    assert.match(judged(failed("x"), false), /^ok: not needed/);
    assert.match(judged(said("allow br0\n")), /^ok/);
    assert.match(
      judged(failed("cat: /etc/qemu/bridge.conf: No such file or directory")),
      /^problem: .*does not allow br0 -> sudo sh -c 'mkdir -p/,
    );
    assert.match(judged(said("deny all\n")), /^problem: .*denies br0/);
    assert.match(judged(failed("cat: /etc/qemu/bridge.conf: Permission denied")), /^note: not checked/);
    assert.match(
      judged(said("allow br0"), true, said("755 /usr/lib/qemu/qemu-bridge-helper")),
      /^problem: .*not set-user-ID -> sudo chmod u\+s/,
    );
    assert.match(judged(said("allow br0"), true, failed("")), /^problem: .*no qemu-bridge-helper/);
  });
});
