/** host-prepare on hosts of the tests' own: what it changes, and that all of it can be taken back. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ksmHere, linksHere, makeWorld, obstacle, type World } from "./support.ts";

/** A host as it may be: a policy of Docker's, a bridge that is routed with both families, settings of the admin's own. */
const HOST = `bridge br0; ip -6 addr add fd00:9::1/64 dev br0
iptables -P FORWARD DROP; iptables -A FORWARD -i docker0 ! -o docker0 -j ACCEPT; ip6tables -A FORWARD -j REJECT
echo 0 >/proc/sys/net/ipv4/conf/all/accept_redirects; echo 1 >/proc/sys/net/ipv4/conf/lo/forwarding
mkdir -p /etc/qemu; printf 'allow virbr0\\n# kept' >/etc/qemu/bridge.conf; chmod 640 /etc/qemu/bridge.conf
echo 2 >/sys/kernel/mm/ksm/run
`;

/** One with nothing in its way but forwarding, and no list for QEMU's helper. */
const BARE = "bridge br0\n";

const PREPARE = "$cli host-prepare --bridge br0";

describe("host-prepare", function () {
  this.timeout(120_000);
  let world: World;
  let before: [string[], string];
  beforeEach(function () {
    const why = obstacle();
    if (why !== undefined) {
      console.log(`      skipped: ${why}`);
      this.skip();
    }
    before = [linksHere(), ksmHere()];
    world = makeWorld();
  });
  afterEach(() => {
    world.remove();
    assert.deepEqual([linksHere(), ksmHere()], before, "the machine itself was changed");
  });

  it("changes nothing with --dry-run, and prints what a shell can run", async () => {
    const text =
      await world.run(`${HOST} state >"$folder/before"; ${PREPARE} --dry-run | tee "$folder/out"; state | diff "$folder/before" - && echo unchanged
      grep -v '^Nothing' "$folder/out" >"$folder/commands"; sh -e "$folder/commands" && ${PREPARE} --dry-run`);
    assert.match(
      text,
      /^iptables -I FORWARD -i br0 -m comment --comment 'coreos-cluster host-prepare' -j ACCEPT$/m,
    );
    assert.match(text, /\nunchanged\nNothing to change: this machine is ready/);
  });

  for (const [name, host] of [
    ["a host with a policy and settings of its own", HOST],
    ["a bare host", BARE],
  ] as const)
    it(`prepares ${name}, once, and takes all back`, async () => {
      const text = await world.run(`${host} state >"$folder/before"
        ${PREPARE} >"$folder/first"; echo "exit $?"
        stat -c '%a %U' /var/lib/coreos-cluster/host-prepare.json; state >"$folder/after"
        ${PREPARE}; state | diff "$folder/after" - && echo same
        cat /proc/sys/net/ipv4/ip_forward /sys/kernel/mm/ksm/run; tail -n 1 /etc/qemu/bridge.conf
        $cli doctor --connect test:///default --json >"$folder/json"
        $node -e 'for (const { id, level } of JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).findings)
          if (["sysctls", "forward", "ksm"].includes(id)) console.log(id, level)' "$folder/json"
        diff -q "$folder/before" "$folder/after" >/dev/null || echo changed
        $cli host-prepare --undo | tail -n 1; state | diff "$folder/before" - && echo as before
        $cli host-prepare --undo`);
      const helper = text.includes("allow br0"); // where QEMU's bridge helper is installed
      assert.equal(
        text,
        [
          ...[
            "exit 0",
            "600 root",
            "Nothing to change: this machine is ready for machines on br0 as far as host-prepare goes.",
            "same",
          ],
          ...["1", "1", helper ? "allow br0" : text.split("\n")[6]],
          ...["sysctls ok", "forward ok", "ksm ok", "changed"],
          ...["Taken back: this machine is as it was.", "as before", "Nothing to take back on this machine."],
        ].join("\n"),
      );
    });

  it("adds nothing that is not needed", async () => {
    const text =
      await world.run(`bridge br0; ip link add uplink0 type veth peer name far0; ip link add link uplink0 name lan0 type macvlan
      ip link set lan0 master br0; ip link set uplink0 up; ip link set lan0 up
      for file in /proc/sys/net/bridge/bridge-nf-call-*; do if [ -e "$file" ]; then echo 0 >"$file"; fi; done
      state >"$folder/before"; ${PREPARE} --skip acl,ksm; state | diff "$folder/before" - && echo as before`);
    assert.equal(
      text,
      "Nothing to change: this machine is ready for machines on br0 as far as host-prepare goes.\nas before",
    );
  });

  it("takes up a bridge and its ports, without long silence, and takes that back", async () => {
    const shown = `ip -json -details address show | $node -e 'for (const { ifname, flags, linkinfo, addr_info } of JSON.parse(require("fs").readFileSync(0, "utf8")))
      if (["br0", "lan0"].includes(ifname)) console.log(ifname, flags.includes("UP"), linkinfo.info_data.forward_delay ?? "-", addr_info.filter(({ scope }) => scope === "global").map(({ local }) => local).join())'`;
    const text =
      await world.run(`bridge br0; ip -6 address add fd00:9::1/64 dev br0; ip link set br0 down; ip -6 address replace fd00:9::1/64 dev br0
      ip link set br0 type bridge stp_state 1 forward_delay 1500
      ip link add uplink0 type veth peer name far0; ip link add link uplink0 name lan0 type macvlan
      ip link set lan0 master br0; ip link set uplink0 up
      ${shown}; $cli host-prepare --bridge br0 --skip bridge,sysctls,acl,ksm,firewall; ${PREPARE} --skip sysctls,acl,ksm,firewall | grep ^ip
      ${shown}; ${PREPARE} --skip sysctls,acl,ksm,firewall; $cli host-prepare --undo | tail -n 1; ${shown}`);
    const down = ["br0 false 1500 10.9.0.1,fd00:9::1", "lan0 false - "].map((line) => line.trim());
    assert.deepEqual(
      text.split("\n").map((line) => line.trim()),
      [
        ...down,
        "Nothing to change: this machine is ready for machines on br0 as far as host-prepare goes.",
        ...[
          "ip link set dev br0 up",
          "ip link set dev lan0 up",
          "ip link set dev br0 type bridge forward_delay 200",
        ],
        ...["br0 true 200 10.9.0.1,fd00:9::1", "lan0 true -"],
        "Nothing to change: this machine is ready for machines on br0 as far as host-prepare goes.",
        "Taken back: this machine is as it was.",
        ...down,
      ],
    );
  });

  it("opens the tables that drop, whichever, and says where it can't", async () => {
    const text = await world.run(`bridge br0; state >"$folder/before"
      iptables -t mangle -A PREROUTING -i br0 -j DROP; iptables -t mangle -A POSTROUTING -o br0 -j DROP; ebtables -P FORWARD DROP
      state >"$folder/before"; ${PREPARE} --skip acl,ksm,sysctls | grep -e ^iptables -e ^Left
      ${PREPARE} --skip acl,ksm,sysctls | tail -n 1; $cli host-prepare --undo >/dev/null; state | diff "$folder/before" - && echo as before`);
    assert.deepEqual(text.split("\n"), [
      "iptables -t mangle -I PREROUTING -i br0 -m comment --comment 'coreos-cluster host-prepare' -j ACCEPT",
      "iptables -t mangle -I POSTROUTING -o br0 -m comment --comment 'coreos-cluster host-prepare' -j ACCEPT",
      "Left as it is: ebtables drops traffic of machines on br0 (FORWARD: policy drop). An acceptance elsewhere does not count there: let br0 through in that table.",
      "Nothing to change: this machine is ready for machines on br0 as far as host-prepare goes.",
      "as before",
    ]);
  });

  it("keeps a default route that comes from a router's announcements", async () => {
    const text = await world.run(`bridge br0; ip -6 addr add fd00:9::1/64 dev br0
      ip link add wan0 type veth peer name far0; ip link set wan0 up; ip -6 route add default via fe80::1 dev wan0 proto ra
      state >"$folder/before"; ${PREPARE} --skip acl,ksm,firewall | grep ipv6; cat /proc/sys/net/ipv6/conf/wan0/accept_ra
      $cli host-prepare --undo >/dev/null; state | diff "$folder/before" - && echo as before`);
    assert.equal(
      text,
      [
        "echo 2 >/proc/sys/net/ipv6/conf/wan0/accept_ra",
        "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding",
        "2",
        "as before",
      ].join("\n"),
    );
  });

  it("says what is wrong: no bridge, no such part, no way to the host", async () => {
    const text =
      await world.run(`state >"$folder/before"; ${PREPARE}; echo "exit $?"; bridge br0; ${PREPARE} --skip all; echo "exit $?"
      ip link del br0; ip link add br0 type veth peer name far0; ${PREPARE}; $cli host-prepare --connect qemu+tls://host/system
      ip link del br0; state | diff "$folder/before" - && echo as before`);
    assert.match(
      text,
      /^error: this machine has no bridge br0, and host-prepare makes none: [^\n]*\nlibvirt brings one .*virsh net-start default/,
    );
    assert.match(
      text,
      /exit 1\nerror: --skip names all; the parts are: bridge, sysctls, firewall, acl, ksm\nexit 1\n/,
    );
    assert.match(text, /has no bridge br0 \(br0 is something else\)/);
    assert.match(text, /--connect qemu\+tls:\/\/host\/system gives no way to run commands on a host/);
    assert.match(text, /\nas before$/);
  });

  it("leaves what somebody else has changed since, and says so", async () => {
    const text = await world.run(`${HOST} state >"$folder/before"; ${PREPARE} >/dev/null
      iptables -D FORWARD -i br0 -m comment --comment 'coreos-cluster host-prepare' -j ACCEPT
      echo 2 >/sys/kernel/mm/ksm/run; printf 'allow br7\\n' >>/etc/qemu/bridge.conf
      $cli host-prepare --undo | grep -v '^echo\\|tables'; state | diff "$folder/before" -`);
    const [command = "", last = "", ...rest] = text.split("\n");
    assert.match(command, /^printf 'allow virbr0\\n# kept\\nallow br7\\n' >\/etc\/qemu\/bridge\.conf$/);
    assert.equal(last, "Taken back: this machine is as it was.");
    // Of bridge.conf alone something differs: the other's line is still there.
    assert.ok(
      rest.some((line) => /^> .*a\s+l\s+l\s+o\s+w\s+b\s+r\s+7/.test(line)),
      text,
    );
    assert.ok(
      rest.every((line) => !/ipv4|ipv6|FORWARD|ksm/.test(line)),
      text,
    );
  });

  /**
   * A `sh` in front of the real one, which kills the host-prepare that runs it before or after a certain change (the record
   * is written before it).
   */
  const killer = (folder: string): string => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    const text = `#!/bin/sh
case $2 in
"echo held"*) ;; # of the lock that host-prepare holds
"echo "* | "mkdir -p /etc"* | "printf "* | "truncate "* | "rm /"* | *"tables -I"* | *"tables -D"*)
  count=$(($(cat "$COUNT" 2>/dev/null || echo 0) + 1)); echo $count >"$COUNT"
  if [ "$count $WHEN" = "$AT before" ]; then kill -KILL $PPID; exit 1; fi
  /bin/sh "$@"; code=$?
  if [ "$count" = "$AT" ]; then kill -KILL $PPID; fi
  exit $code ;;
esac
exec /bin/sh "$@"
`;
    writeFileSync(join(bin, "sh"), text);
    chmodSync(join(bin, "sh"), 0o755);
    return bin;
  };

  for (const [when, at] of [
    ["before", 1],
    ["after", 4],
    ["after", 7],
    ["after", 11],
  ] as const)
    it(`killed ${when} change ${at}: --undo restores what was there, and a second run goes on`, async () => {
      const bin = killer(world.folder);
      const env = { WHEN: when, AT: String(at), COUNT: join(world.folder, "count") };
      const killed = `env PATH="${bin}:$PATH" ${PREPARE} >"$folder/out" 2>&1; echo "exit $?"`;
      const text = await world.run(
        `${HOST} state >"$folder/before"; ${killed}; cat "$folder/count"
        $cli host-prepare --undo >/dev/null; state | diff "$folder/before" - && echo as before
        rm "$folder/count"; ${killed}; ${PREPARE} >/dev/null; ${PREPARE} | tail -n 1
        rm "$folder/count"; env AT=3 PATH="${bin}:$PATH" $cli host-prepare --undo >/dev/null 2>&1; echo "exit $?"
        $cli host-prepare --undo | tail -n 1; state | diff "$folder/before" - && echo as before`,
        env,
      );
      assert.deepEqual(
        text.split("\n").filter((line) => !line.includes("Killed")),
        [
          ...["exit 137", String(at), "as before", "exit 137"],
          ...[
            "Nothing to change: this machine is ready for machines on br0 as far as host-prepare goes.",
            "exit 137",
          ],
          ...["Taken back: this machine is as it was.", "as before"],
        ],
      );
    });
});
