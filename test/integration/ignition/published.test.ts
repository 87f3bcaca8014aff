/** Configs in the shapes in which the field publishes them, written for these tests. */
import assert from "node:assert/strict";
import { bare, config, refusal, text, withSnippets } from "./support.ts";
import { plan } from "../../unit/plan/fixtures.ts";
import { warningsOf } from "../../../ignition/index.ts";
import type { ClusterPlan, OsFamily } from "../../../plan/types.ts";

interface Shape {
  readonly what: string;
  /** The name tells the language to people only. */
  readonly name: string;
  readonly content: string;
  readonly os: readonly OsFamily[];
  /** What is said where it is put beside the profiles; absent where it fits. */
  readonly conflict?: RegExp;
}

const ALL: readonly OsFamily[] = ["container-linux", "flatcar", "fedora-coreos", "lab"];
const WITH_ETCD_SECTION: readonly OsFamily[] = ["container-linux", "flatcar", "lab"];
const IGNITION_3: readonly OsFamily[] = ["flatcar", "fedora-coreos", "lab"];

const shapes: readonly Shape[] = [
  {
    what: "an etcd member by discovery, on a cloud",
    name: "etcd.yaml",
    content:
      'etcd:\n  name: "{HOSTNAME}"\n  discovery: "https://discovery.example/0123"\n  advertise_client_urls: "http://{PUBLIC_IPV4}:2379"\n  initial_advertise_peer_urls: "http://{PRIVATE_IPV4}:2380"\n  listen_client_urls: "http://0.0.0.0:2379"\n  listen_peer_urls: "http://{PRIVATE_IPV4}:2380"\n',
    os: WITH_ETCD_SECTION,
    conflict:
      /^The configuration of node \S+ could not be made\. etcd name is given by .*; take it out of etcd\.yaml, or leave the profile etcd out of profiles$/,
  },
  {
    what: "etcd, flannel and Docker in one, with certificates as drop-ins",
    name: "flannel.yaml",
    content:
      'systemd:\n  units:\n    - name: flanneld.service\n      enable: true\n      dropins:\n        - name: 50-network.conf\n          contents: |\n            [Service]\n            ExecStartPre=/usr/bin/etcdctl set /coreos.com/network/config \'{"Network": "10.1.0.0/16"}\'\nflannel:\n  etcd_prefix: /coreos.com/network\ndocker:\n  flags:\n    - --insecure-registry=10.0.0.0/8\n',
    os: WITH_ETCD_SECTION,
  },
  {
    what: "timesyncd's servers as a file",
    name: "timesyncd.yaml",
    content:
      "storage:\n  files:\n    - filesystem: root\n      path: /etc/systemd/timesyncd.conf\n      mode: 0644\n      contents:\n        inline: |\n          [Time]\n          NTP=0.pool.example.com 1.pool.example.com\n",
    os: ALL,
  },
  {
    what: "ntpd in the place of timesyncd",
    name: "ntpd.yaml",
    content:
      "systemd:\n  units:\n    - name: systemd-timesyncd.service\n      mask: true\n    - name: ntpd.service\n      enable: true\nstorage:\n  files:\n    - path: /etc/ntp.conf\n      filesystem: root\n      mode: 0644\n      contents:\n        inline: |\n          server 0.pool.example.com iburst\n          restrict default nomodify nopeer noquery limited kod\n          restrict 127.0.0.1\n",
    os: ALL,
  },
  {
    what: "Docker's socket for its API",
    name: "docker.yaml",
    content:
      "systemd:\n  units:\n    - name: docker-tcp.socket\n      enabled: yes\n      mask: false\n      contents: |\n        [Unit]\n        Description=Docker by TCP\n\n        [Socket]\n        ListenStream=127.0.0.1:2375\n        Service=docker.service\n\n        [Install]\n        WantedBy=sockets.target\n",
    os: ALL,
  },
  {
    what: "a bond of two cards",
    name: "bond.yaml",
    content:
      "networkd:\n  units:\n    - name: 00-eno.network\n      contents: |\n        [Match]\n        Name=eno*\n\n        [Network]\n        Bond=bond0\n    - name: 10-bond0.netdev\n      contents: |\n        [NetDev]\n        Name=bond0\n        Kind=bond\n",
    os: ALL,
  },
  {
    what: "an update strategy and a window",
    name: "update.yaml",
    content:
      "update:\n  group: beta\nlocksmith:\n  reboot_strategy: off\n  window_start: Thu 04:00\n  window_length: 1h\n",
    os: ["container-linux", "flatcar"],
  },
  {
    what: "users with groups, a shell, a password hash, and sudo by file",
    name: "users.yaml",
    content:
      "passwd:\n  users:\n    - name: elroy\n      password_hash: $6$5s2u6/jR$un0AvWnqilcgaNB3Mkxd5yYv6mTlWfOoCYHZmfi3LDKVltj.E8XNKEcwWm\n      groups: [sudo, docker]\n      no_create_home: false\n      shell: /bin/bash\n  groups:\n    - name: engineering\n      gid: 1500\nstorage:\n  files:\n    - path: /etc/sudoers.d/elroy\n      filesystem: root\n      mode: 0440\n      user: { id: 0 }\n      group: { name: root }\n      contents: { inline: 'elroy ALL=(ALL) NOPASSWD: ALL' }\n",
    os: ALL,
  },
  {
    what: "a file from the network with its hash, a folder, a link, a sysctl",
    name: "storage.yaml",
    content:
      "storage:\n  directories:\n    - path: /opt/bin\n      filesystem: root\n      mode: 0755\n  links:\n    - path: /etc/localtime\n      filesystem: root\n      overwrite: true\n      target: ../usr/share/zoneinfo/Europe/Zurich\n  files:\n    - path: /opt/bin/tool\n      filesystem: root\n      mode: 0755\n      contents:\n        remote:\n          url: https://example.com/tool\n          verification:\n            hash:\n              function: sha512\n              sum: ce4e9c4ed0c0a1f9d1bb7d1f4e4cfed2fa2a5a1b0ac5ef4a1ba5aed2ee5f6c1cf7c4ab1ed7a4b8be9bfe2dc0b7b7c7b1b34d4bd1fc0ef2d3cdd6a6e9b8a1b2c3\n    - path: /etc/sysctl.d/nmi.conf\n      filesystem: root\n      mode: 0644\n      contents: { inline: kernel.nmi_watchdog=0 }\n",
    os: ALL,
  },
  {
    what: "a disk that is formatted and mounted",
    name: "disk.yaml",
    content:
      "storage:\n  filesystems:\n    - mount:\n        device: /dev/vdb\n        format: ext4\n        wipe_filesystem: true\nsystemd:\n  units:\n    - name: media-data.mount\n      enable: true\n      contents: |\n        [Mount]\n        What=/dev/vdb\n        Where=/media/data\n\n        [Install]\n        RequiredBy=local-fs.target\n",
    os: ["container-linux", "flatcar", "fedora-coreos"],
  },
  {
    what: "a kernel argument on the OEM partition",
    name: "oem.yaml",
    content:
      "storage:\n  filesystems:\n    - name: OEM\n      mount:\n        device: /dev/disk/by-label/OEM\n        format: ext4\n  files:\n    - filesystem: OEM\n      path: /grub.cfg\n      append: true\n      mode: 0644\n      contents: { inline: 'set linux_append=\"mitigations=auto\"' }\n",
    os: ["container-linux", "flatcar"],
  },
  {
    what: "a machine of a terraform example: name, key and address as Ignition 2",
    name: "machine.ign",
    content: JSON.stringify({
      ignition: { config: {}, timeouts: {}, version: "2.1.0" },
      networkd: {
        units: [{ contents: "[Match]\nName=eth0\n\n[Network]\nDHCP=yes\n", name: "00-eth0.network" }],
      },
      passwd: { users: [{ name: "core", sshAuthorizedKeys: ["ssh-ed25519 AAAA machine"] }] },
      storage: {
        files: [
          {
            filesystem: "root",
            group: {},
            path: "/etc/hostname",
            user: {},
            contents: { source: "data:text/plain;charset=utf-8;base64,Y29yZW9zMDE=", verification: {} },
            mode: 420,
          },
        ],
      },
      systemd: {
        units: [
          {
            dropins: [{ contents: "[Service]\nEnvironment=A=b\n", name: "10-a.conf" }],
            name: "docker.service",
            enable: true,
          },
        ],
      },
    }),
    os: ALL,
    conflict:
      /storage files \/etc\/hostname is given by ignition\/profiles\/base\S*\.yaml line \d+ and by machine\.ign line 1: .*leave the profile base out of profiles$/,
  },
  {
    what: "a container as a service, in Butane",
    name: "container.bu",
    content:
      "variant: fcos\nversion: 1.4.0\nsystemd:\n  units:\n    - name: hello.service\n      enabled: true\n      contents: |\n        [Unit]\n        After=network-online.target\n        Wants=network-online.target\n\n        [Service]\n        ExecStartPre=-/bin/podman rm -f hello\n        ExecStart=/bin/podman run --name hello --format '{{.ID}}' docker.io/library/busybox true\n\n        [Install]\n        WantedBy=multi-user.target\n",
    os: IGNITION_3,
  },
  {
    what: "an autologin drop-in and a quadlet, in Butane",
    name: "quadlet.bu",
    content:
      "variant: fcos\nversion: 1.4.0\nsystemd:\n  units:\n    - name: serial-getty@hvc0.service\n      dropins:\n        - name: autologin-core.conf\n          contents: |\n            [Service]\n            ExecStart=\n            ExecStart=-/usr/sbin/agetty --autologin core --noclear %I $TERM\nstorage:\n  files:\n    - path: /etc/containers/systemd/web.container\n      mode: 0644\n      contents:\n        inline: |\n          [Container]\n          Image=docker.io/library/caddy\n",
    os: IGNITION_3,
  },
  {
    what: "Flatcar's own variant",
    name: "flatcar.bu",
    content:
      "variant: flatcar\nversion: 1.0.0\nstorage:\n  files:\n    - path: /opt/extensions/note\n      mode: 0644\n      contents: { inline: 'x' }\n  links:\n    - path: /etc/extensions/note\n      target: /opt/extensions/note\n      hard: false\n",
    os: IGNITION_3,
  },
  {
    what: "chrony's servers as Ignition 3",
    name: "chrony.ign",
    content: JSON.stringify({
      ignition: { version: "3.0.0" },
      storage: {
        files: [
          {
            path: "/etc/chrony.d/site.conf",
            mode: 420,
            contents: { source: "data:,server%20ntp.example.com%20iburst%0A" },
          },
        ],
      },
    }),
    os: IGNITION_3,
  },
];

describe("configs in the shapes that are published", () => {
  for (const { what, name, content, os, conflict } of shapes) {
    describe(what, () => {
      for (const family of os) {
        const file = text(name, content);
        const made = plan({ os: family });
        const ways: [string, ClusterPlan][] = [
          ["as a snippet without profiles", withSnippets(bare(made), file)],
          ["as the own file", { ...made, ignition: file }],
          ...(conflict === undefined
            ? [["as a snippet beside the profiles", withSnippets(made, file)] as [string, ClusterPlan]]
            : []),
        ];
        for (const [way, with_] of ways) {
          it(`comes out valid on ${family} ${way}`, () => {
            assert.match(
              config(with_).ignition.version,
              family === "container-linux" ? /^2\.[13]/ : /^[23]\.\d/,
            );
            for (const warning of warningsOf(with_))
              assert.match(warning, new RegExp(`^${name.replace(".", "\\.")}`));
          });
        }
        if (conflict !== undefined) {
          it(`says what to do on ${family} beside profiles that say the same`, () => {
            assert.match(
              refusal(() => config(withSnippets(made, file))),
              conflict,
            );
          });
        }
      }
    });
  }
});

describe("configs of one system on another", () => {
  const said = (content: string, os: OsFamily, make = (made: ClusterPlan) => made): readonly string[] => {
    const made = withSnippets(make(plan({ os })), text("mine.yaml", content));
    config(made);
    return warningsOf(made);
  };
  const clc =
    'etcd:\n  name: "{HOSTNAME}"\n  listen_client_urls: http://0.0.0.0:2379\nnetworkd:\n  units:\n    - name: a.network\n      contents: "[Match]\\nName=e*\\n"\n';
  const matchbox =
    "systemd:\n  units:\n    - name: etcd-member.service\n      enable: true\n      dropins:\n        - name: 40-etcd-cluster.conf\n          contents: |\n            [Service]\n            Environment=ETCD_LISTEN_CLIENT_URLS=http://0.0.0.0:2379\n";

  it("say what has no effect on Fedora CoreOS", () => {
    const [etcd, networkd, ...others] = said(clc, "fedora-coreos", bare);
    assert.match(etcd ?? "", /^mine\.yaml line 2: etcd has no effect on fedora-coreos: .*profile etcd/);
    assert.match(
      networkd ?? "",
      /^mine\.yaml line 5: networkd has no effect on fedora-coreos: NetworkManager/,
    );
    assert.deepEqual(others, []);
  });

  it("don't break the etcd of Fedora CoreOS", () => {
    assert.match(
      refusal(() => said(clc, "fedora-coreos")),
      /mine\.yaml line 2: the drop-in 20-clct-etcd-member\.conf .*section etcd.* takes the place of the Podman container/,
    );
    assert.match(
      said(matchbox, "fedora-coreos").join(),
      /line 6: .*ETCD_LISTEN_CLIENT_URLS, which etcd's container/,
    );
  });

  it("don't keep Flatcar's etcd from starting", () => {
    assert.match(
      refusal(() => said(matchbox, "flatcar")),
      /mine\.yaml line 6: etcd-member\.service gets ETCD_LISTEN_CLIENT_URLS by .*: etcd does not start with both/,
    );
    assert.deepEqual(said(matchbox, "flatcar", bare), []);
    assert.match(said(matchbox, "container-linux").join(), /etcd reads the flags alone/);
  });
});
