/** Judgements about a host's network, by recorded answers. */
import assert from "node:assert/strict";
import { aclFor, judgeAcl } from "../../../commands/doctor/checks/bridgeAcl.ts";
import { judgeBridge, linksIn } from "../../../commands/doctor/checks/bridge.ts";
import { judgeDhcp } from "../../../commands/doctor/checks/dhcp.ts";
import { judgeSysctls, sysctlsIn, wayOf } from "../../../commands/doctor/checks/sysctls.ts";
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
