/** The DHCP probe on real bridges, in namespaces. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { probeDhcp } from "../../../commands/doctor/dhcp/probe.ts";
import type { HostShell } from "../../../commands/doctor/types.ts";
import { linksHere, makeWorld, obstacle, type World } from "./support.ts";

const doctor = join(import.meta.dirname, "../../../commands/doctor");

/** What sends the messages: Node.js as on this machine, or what another machine has, as if by ssh. */
type Relay = "node" | "python3" | "perl";

/** Prints what the probe saw, as JSON. */
const ask = (bridge: string, seconds: number, relay: Relay = "node"): string =>
  `$node --input-type=module -e '
    const { probeDhcp } = await import("${doctor}/dhcp/probe.ts");
    const { localShell, runHere } = await import("${doctor}/shell.ts");
    const missing = (words) => ["python3", "perl"].includes(words[0]) && words[0] !== "${relay}";
    const run = async (words, options) =>
      missing(words) ? { code: 127, stdout: "", stderr: "not found" } : runHere(words, options);
    const shell = { ...localShell(true), local: "${relay}" === "node", run };
    console.log(JSON.stringify(await probeDhcp(shell, "${bridge}", ${seconds})))'`;

describe("the DHCP probe", function () {
  this.timeout(60_000);
  let world: World;
  let before: string[];
  beforeEach(function () {
    const why = obstacle();
    if (why !== undefined) {
      console.log(`      skipped: ${why}`);
      this.skip();
    }
    before = linksHere();
    world = makeWorld();
  });
  afterEach(() => {
    world.remove();
    assert.deepEqual(linksHere(), before);
  });

  for (const relay of ["node", "python3", "perl"] as const)
    it(`hears the offer of a server, which makes no lease, and leaves nothing: by ${relay}`, async () => {
      const text = await world.run(`bridge br0; ip tuntap add port0 mode tap; ip link set port0 master br0 up
      dhcp_server br0; ip -o link >"$folder/before"
      ${ask("br0", 8, relay)}
      ip -o link | sed 's/NO-CARRIER,//; s/,LOWER_UP//; s/state [A-Z]*//' >"$folder/after"
      sed 's/NO-CARRIER,//; s/,LOWER_UP//; s/state [A-Z]*//' "$folder/before" | diff - "$folder/after" && echo no link stays
      cat "$folder/leases" 2>/dev/null | wc -l; ip netns list; kill $server; wait $server
      ${ask("br0", 2, relay)}`);
      const [line = "", ...rest] = text.split("\n");
      const seen = JSON.parse(line) as {
        kind: string;
        offer: { address: string; server: string; router: string };
      };
      assert.equal(seen.kind, "offer", text);
      assert.equal(seen.offer.server, "10.9.0.1");
      assert.match(seen.offer.address, /^10\.9\.0\.\d+$/);
      assert.deepEqual(rest.slice(0, 2), ["no link stays", "0"]);
      assert.deepEqual(JSON.parse(rest[2] ?? ""), { kind: "silence", seconds: 2 });
    });

  it("hears a server in another namespace, through filters that let it", async () => {
    // The server is a machine of its own behind a port of the bridge, as on a real network.
    const text = await world.run(`ip link add br0 type bridge; ip link set br0 up
      unshare --net sleep 60 >/dev/null & far=$!
      sleep 0.5
      ip link add port0 type veth peer name lan0 netns $far; ip link set port0 master br0 up
      nsenter --target $far --net sh -c 'ip addr add 10.9.0.1/24 dev lan0; ip link set lan0 up
        exec dnsmasq --conf-file=/dev/null --no-daemon --port=0 --interface=lan0 --bind-interfaces --no-ping --user=root \\
          --dhcp-range=10.9.0.10,10.9.0.50,1h --dhcp-leasefile='"$folder"'/leases --pid-file= 2>/dev/null' >/dev/null & server=$!
      sleep 1
      ${ask("br0", 6)}
      iptables -P FORWARD DROP
      if [ -e /proc/sys/net/bridge ]; then ${ask("br0", 3)}; echo 0 >/proc/sys/net/bridge/bridge-nf-call-iptables; fi
      ${ask("br0", 6)}
      kill $server $far`);
    const kinds = text.split("\n").flatMap((line) => /"kind":"(\w+)"/.exec(line)?.[1] ?? []);
    // With bridge-netfilter on, a FORWARD policy drops even DHCP between two ports of one bridge.
    assert.deepEqual(kinds, kinds.length === 3 ? ["offer", "silence", "offer"] : ["offer", "offer"], text);
  });

  it("hears nothing where nobody answers, on a bridge that is down, and without a bridge", async () => {
    const text = await world.run(`bridge br0; ${ask("br0", 2)}; ${ask("nosuch", 2)}; ip -o link | wc -l`);
    const [silence = "", fault = "", links] = text.split("\n");
    assert.deepEqual(JSON.parse(silence), { kind: "silence", seconds: 2 });
    assert.match(fault, /"kind":"fault","words":".*nosuch/);
    assert.equal(links, "2"); // lo and br0
  });

  for (const relay of ["node", "python3", "perl"] as const)
    it(`leaves nothing when it is killed: ${relay}`, async () => {
      const text = await world.run(`bridge br0
      ${ask("br0", 30, relay)} & prober=$!
      until ip -o link | grep -q dhcp-; do sleep 0.05; done
      sent() { ps -e -o args | grep -c '[6]3825363'; }
      echo "attached, $(sent) with the message"; kill -KILL $prober
      for try in 1 2 3 4 5 6 7 8 9 10; do ip -o link | grep -q dhcp- || break; sleep 0.2; done
      ip -o link | grep -c dhcp-; sent`);
      assert.match(text, /^attached, 1 with the message\n(?:.*Killed.*\n)?0\n0$/);
    });

  it("is not made where nothing could send it", async () => {
    const shell: HostShell = {
      ...{ name: "bare", local: false, asRoot: (command) => command, close: () => Promise.resolve() },
      words: (words) => [...words],
      run: (words) => Promise.resolve({ code: words[0] === "perl" ? 1 : 127, stdout: "", stderr: "" }),
    };
    assert.deepEqual(await probeDhcp(shell, "br0"), {
      kind: "fault",
      words: "neither python3 nor perl can be run on bare",
    });
  });

  it("is part of the doctor: findings as JSON, exit code 1 with a problem", async () => {
    const doctor = "$cli doctor --connect test:///default --json";
    const text = await world.run(`bridge br0; dhcp_server br0; ${doctor} >"$folder/json"; echo "exit $?"
      $node -e '
        const { ok, findings } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
        const of = (id) => findings.filter((one) => one.id === id).map(({ level, found }) => level + ": " + found).join("; ");
        console.log(ok, of("bridge"), of("dhcp"), of("connection"));' "$folder/json"
      ip link set br0 down; $cli doctor --connect test:///default | grep -A2 ' dhcp \\| bridge '; $cli doctor --connect test:///default --bridge -x; kill $server`);
    assert.match(
      text,
      /^exit 1\nfalse ok: br0 is up, with no port yet ok: 10\.9\.0\.1 offers 10\.9\.0\.\d+ on br0 .* problem: test:\/\/\/default answers, but is no QEMU host/,
    );
    assert.match(text, /✖ bridge +the bridge br0 is down\n.*\n +→ ip link set dev br0 up/);
    assert.match(text, /• dhcp +not checked: DHCP on br0 \(the bridge br0 is down\)/);
    assert.match(text, /error: --bridge is "-x"; it must be the name of an interface/);
  });
});
