import assert from "node:assert/strict";
import { file, labImage, reporter, TestGuest } from "./guest.ts";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA7tSzbXJS1zyqZ8fI5Lr2T0dJb1O4cQ9W0vB9nM3kzC test@example";

/** Of no password that anybody knows. */
const hash =
  "$6$saltsaltsalt$X1OVGoPEzfv2cNQXqD0dVvyMJdAOZ0vHvjO2p5m4zbhYkPjkUo5rRa9eW0QfMqWjv1qOSVnX7vZl2Ei8lq7Jq0";

/** What ct makes of the `etcd:` section of a node's configuration, with a cluster of one. */
const etcdDropIn = `[Unit]
Requires=coreos-metadata.service
After=coreos-metadata.service

[Service]
EnvironmentFile=/run/metadata/coreos
ExecStart=
ExecStart=/usr/lib/coreos/etcd-wrapper $ETCD_OPTS \\
  --name="lab-01" \\
  --listen-peer-urls="http://\${COREOS_CUSTOM_PRIVATE_IPV4}:2380" \\
  --listen-client-urls="http://0.0.0.0:2379,http://0.0.0.0:4001" \\
  --initial-advertise-peer-urls="http://\${COREOS_CUSTOM_PRIVATE_IPV4}:2380" \\
  --initial-cluster="lab-01=http://\${COREOS_CUSTOM_PRIVATE_IPV4}:2380" \\
  --advertise-client-urls="http://\${COREOS_CUSTOM_PRIVATE_IPV4}:2379"
`;

const metadataDropIn = `[Unit]
Wants=network-online.target
After=network-online.target
[Service]
ExecStart=
ExecStart=/opt/bin/metadata
`;

const metadata = `#!/bin/bash
set -e
address=$(ip -4 -o address show scope global | awk '{ sub("/.*", "", $4); print $4; exit }')
mkdir -p /run/metadata
echo "COREOS_CUSTOM_PRIVATE_IPV4=$address" >/run/metadata/coreos
`;

const networkUnit = `[Match]
Name=en*
[Network]
DHCP=yes
[DHCPv4]
ClientIdentifier=mac
`;

const report = reporter("etcd-member.service coreos-cluster-booted.service", {
  hostname: "uname -n",
  greeting: "cat /etc/greeting; stat -c '%a %U' /etc/greeting",
  rootMiB: "df --block-size=1M --output=size / | tail -n 1",
  keys: "cat /home/core/.ssh/authorized_keys.d/ignition",
  sudo: "setpriv --reuid=core --regid=core --init-groups sudo -n id -u",
  core: "id core",
  ops: "getent passwd ops; getent shadow ops | cut -d: -f2; stat -c %U /home/ops",
  sshd: "mkdir -p /run/sshd; sshd -T | grep -E '^(passwordauthentication|kbdinteractiveauthentication|permitrootlogin) '",
  sshPort: "systemctl is-active sshd.socket",
  network:
    "networkctl status --no-pager | grep -o 10-dhcp.network; networkctl list --no-legend | grep -c routable",
  enabled: "systemctl is-enabled etcd-member report",
  masked: "systemctl is-enabled systemd-timesyncd",
  failed: "systemctl --failed --plain --no-legend",
  v3: "etcdctl put greeting hello; etcdctl get greeting --print-value-only",
  v2: "curl -sS -X PUT -d value=world http://127.0.0.1:4001/v2/keys/place | jq -r .node.value",
  etcdUser: "ps -o user= -C etcd",
  tuned: "tr '\\0' '\\n' </proc/$(pidof etcd)/environ | grep -E 'HEARTBEAT|ELECTION|NAME' | sort",
  agent: "systemctl cat qemu-guest-agent.service | grep -c ExecStart",
  system: ". /etc/os-release; echo $ID $ID_LIKE $VERSION_ID",
});

const config = {
  ignition: { version: "3.1.0" },
  passwd: {
    users: [
      { name: "core", sshAuthorizedKeys: [key], groups: ["docker"] },
      { name: "ops", uid: 2000, passwordHash: hash },
    ],
  },
  storage: {
    files: [
      file("/etc/hostname", "lab-01\n"),
      { ...file("/etc/greeting", "good morning", 0o600), user: { name: "core" } },
      file("/etc/systemd/network/10-dhcp.network", networkUnit),
      file("/opt/bin/metadata", metadata, 0o755),
      ...report.files,
    ],
  },
  systemd: {
    units: [
      {
        name: "etcd-member.service",
        enabled: true,
        dropins: [{ name: "20-clct-etcd-member.conf", contents: etcdDropIn }],
      },
      { name: "coreos-metadata.service", dropins: [{ name: "10-provider.conf", contents: metadataDropIn }] },
      { name: "systemd-timesyncd.service", mask: true },
      report.unit,
    ],
  },
};

describe("the lab image, from first boot to second", function () {
  this.timeout(1_800_000);
  const guest = new TestGuest();
  let first: Record<string, string>;
  let second: Record<string, string>;

  before(async () => {
    await guest.makeDisk(await labImage(), "5G");
    guest.start(config);
    await guest.until(/^COREOS-CLUSTER-BOOTED lab-01$/m, 600);
    first = await guest.reported(400);
    await guest.off(200);
    // Without a configuration: what holds now was kept on the disk.
    guest.start();
    second = await guest.reported(600);
    await guest.off(200);
  });

  after(() => guest.remove());

  it("writes files with their modes and owners", () => {
    assert.equal(first["greeting"], "good morning600 core");
  });

  it("takes its name from /etc/hostname", () => {
    assert.equal(first["hostname"], "lab-01");
  });

  it("grows the root file system to the size of the disk", () => {
    const size = Number(first["rootMiB"]);
    assert.ok(size > 4800 && size < 5120, `${size} MiB`);
  });

  it("lets core in by key only, and lets it become root without a password", () => {
    assert.equal(first["keys"], key);
    assert.equal(first["sudo"], "0");
    assert.match(first["core"] ?? "", /^uid=500\(core\) gid=500\(core\) .*\(sudo\).*\(docker\)/);
    assert.equal(
      first["sshd"],
      "permitrootlogin without-password passwordauthentication no kbdinteractiveauthentication no",
    );
    assert.equal(first["sshPort"], "active");
  });

  it("makes further users", () => {
    assert.equal(first["ops"], `ops:x:2000:2000::/home/ops:/bin/bash ${hash} ops`);
  });

  it("prefers the user's network unit to its own", () => {
    assert.equal(first["network"], "10-dhcp.network 1");
  });

  it("enables and masks units as told, and none fails", () => {
    assert.equal(first["enabled"], "enabled enabled");
    assert.equal(first["masked"], "masked");
    assert.equal(first["failed"], "");
  });

  it("runs etcd by ct's drop-in as the user etcd, with v2 and v3, at the pace of an emulated machine", () => {
    assert.equal(first["v3"], "OK hello");
    assert.equal(first["v2"], "world");
    assert.equal(first["etcdUser"], "etcd");
    assert.equal(first["tuned"], "ETCD_ELECTION_TIMEOUT=5000 ETCD_HEARTBEAT_INTERVAL=500");
  });

  it("has a guest agent and says what it is", () => {
    assert.equal(first["agent"], "1");
    assert.equal(first["system"], "coreos-cluster-lab debian 12");
  });

  it("runs Ignition once, and keeps all of it over a reboot", () => {
    const changing = ["v3"];
    for (const name of Object.keys(first)) {
      if (!changing.includes(name)) assert.equal(second[name], first[name], name);
    }
  });

  it("does not invite anybody to the console without a password", () => {
    assert.match(guest.console, /login:/);
    assert.doesNotMatch(guest.console, /[#$] $/m);
  });
});
