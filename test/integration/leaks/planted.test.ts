/** The check for what suites leave behind sees a planted thing of each kind, and nothing when it is gone again. */
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  clusterThings,
  machineIsAsItWas,
  type Picture,
  pictureOfLab,
  pictureOfMachine,
  runFolder,
} from "../../support/leaks.ts";
import { differences } from "../../support/picture.ts";
import { makePlace, type Place } from "../program/support.ts";

interface Planted {
  readonly what: string;
  /** Shell commands, run in the lab, that make it and take it away. */
  readonly make: string;
  readonly remove: string;
  /** The lines that tell of it. */
  readonly seen: readonly RegExp[];
  /** Whether it is known for a cluster's without another look at the lab. */
  readonly isClusters?: boolean;
}

const domain = (name: string): string =>
  `<domain type='qemu'><name>${name}</name><memory unit='MiB'>16</memory><os><type arch='x86_64'>hvm</type></os></domain>`;
const pool = "<pool type='dir'><name>left</name><target><path>/var/lib/libvirt/left</path></target></pool>";

const PLANTED: readonly Planted[] = [
  {
    what: "a domain that is defined",
    make: `echo "${domain("left")}" >/tmp/left.xml; virsh define /tmp/left.xml; rm /tmp/left.xml`,
    remove: "virsh undefine left",
    isClusters: true,
    seen: [/^left: domains \S+ left$/, /^left: files \/etc\/libvirt\/qemu\/left\.xml$/],
  },
  {
    what: "a domain that runs and is not defined",
    make: `echo "${domain("left")}" >/tmp/left.xml; virsh create /tmp/left.xml; rm /tmp/left.xml`,
    remove: "virsh destroy left",
    isClusters: true,
    seen: [/^left: domains \S+ left$/, /^left: processes .*left/],
  },
  {
    what: "a pool with a volume",
    make:
      `mkdir /var/lib/libvirt/left; echo "${pool}" >/tmp/left.xml; virsh pool-define /tmp/left.xml; rm /tmp/left.xml; ` +
      "virsh pool-start left; virsh vol-create-as left disk.qcow2 1M --format qcow2",
    remove:
      "virsh vol-delete disk.qcow2 --pool left; virsh pool-destroy left; virsh pool-undefine left; rmdir /var/lib/libvirt/left",
    isClusters: true,
    seen: [
      /^left: pools left /,
      /^left: volumes left\/disk\.qcow2$/,
      /^left: files \/var\/lib\/libvirt\/left\/disk\.qcow2$/,
    ],
  },
  {
    what: "a tap",
    make: "ip tuntap add left0 mode tap",
    remove: "ip link delete left0",
    seen: [/^left: links left0$/],
  },
  {
    what: "a bridge",
    make: "ip link add left1 type bridge",
    remove: "ip link delete left1",
    seen: [/^left: links left1$/],
  },
  {
    what: "a mount",
    make: "mkdir /run/left; mount -n -t tmpfs left /run/left",
    remove: "umount -n /run/left; rmdir /run/left",
    seen: [/^left: mounts left \/run\/left /],
  },
  {
    what: "a file in a folder of libvirt's",
    make: "touch /var/lib/libvirt/left.iso",
    remove: "rm /var/lib/libvirt/left.iso",
    seen: [/^left: files \/var\/lib\/libvirt\/left\.iso$/],
  },
  {
    what: "a discovery token",
    make: "curl -sS -X PUT REGISTRY/v2/keys/discovery/left/_config/size -d value=3",
    remove: "curl -sS -X DELETE 'REGISTRY/v2/keys/discovery/left?recursive=true'",
    isClusters: true,
    seen: [/^left: tokens left$/],
  },
  {
    what: "a network of libvirt's",
    make: `echo "<network><name>left</name></network>" >/tmp/left.xml; virsh net-define /tmp/left.xml; rm /tmp/left.xml`,
    remove: "virsh net-undefine left",
    seen: [/^left: networks left$/],
  },
  {
    what: "a network namespace",
    // The first one makes a mount of the folder, which stays; on a machine that has used them before it is there.
    make: "if [ -d /run/netns ]; then touch /run/netns/.was; fi; ip netns add left",
    remove:
      "ip netns delete left; if [ -e /run/netns/.was ]; then rm /run/netns/.was; else umount -n /run/netns; rmdir /run/netns; fi",
    seen: [/^left: namespaces left$/],
  },
  {
    what: "a setting of the kernel",
    make: "echo 0 >/proc/sys/net/ipv4/ip_forward",
    remove: "echo 1 >/proc/sys/net/ipv4/ip_forward",
    seen: [
      /^left: settings \/proc\/sys\/net\/ipv4\/ip_forward:0$/,
      /^gone: settings \/proc\/sys\/net\/ipv4\/ip_forward:1$/,
    ],
  },
  {
    what: "a rule of a packet filter",
    make: "iptables -I FORWARD -i br0 -p tcp --dport 2380 -j DROP",
    remove: "iptables -D FORWARD -i br0 -p tcp --dport 2380 -j DROP",
    seen: [/^left: filters iptables -A FORWARD -i br0 .*DROP$/],
  },
  {
    what: "an address, with its routes",
    make: "ip address add 10.99.0.1/24 dev br0",
    remove: "ip address delete 10.99.0.1/24 dev br0",
    seen: [/^left: network address br0 .*10\.99\.0\.1\/24$/, /^left: network route 10\.99\.0\.0\/24 dev br0/],
  },
  {
    what: "a network that was slowed down",
    make: "tc qdisc add dev br0 root tbf rate 48kbit burst 3000 latency 800ms",
    remove: "tc qdisc delete dev br0 root",
    isClusters: true,
    seen: [/^left: network queue qdisc tbf dev br0/],
  },
  {
    what: "another configuration file",
    make: "echo left >/run/left; mount -n --bind /run/left /etc/hostname",
    remove: "umount -n /etc/hostname; rm /run/left",
    seen: [/^left: configuration \/etc\/hostname 5 /, /^gone: configuration \/etc\/hostname /],
  },
  {
    what: "a folder in a place of the system's",
    make: "mkdir /run/left",
    remove: "rmdir /run/left",
    seen: [/^left: places \/run\/left$/],
  },
];

describe("what a suite leaves behind", function () {
  this.timeout(5 * 60_000);
  let place: Place;
  let asItWas: Picture;

  before(async function () {
    this.timeout(30 * 60_000); // on a machine where the toolchain must be built
    place = await makePlace();
    await pictureOfLab(place.context); // what virsh itself makes on its first run
    asItWas = await pictureOfLab(place.context);
  });
  after(() => place.remove());

  const inLab = (script: string): Promise<string> =>
    place.inside("sh", "-e", "-c", script.replaceAll("REGISTRY", place.host.registry));
  const found = async (): Promise<string[]> => differences(asItWas, await pictureOfLab(place.context));

  it("is nothing on a lab that nobody touched", async () => {
    deepEqual(await found(), []);
  });

  for (const { what, make, remove, seen, isClusters = false } of PLANTED)
    it(`is seen on a lab: ${what}`, async () => {
      await inLab(make);
      const now = await pictureOfLab(place.context);
      const left = differences(asItWas, now);
      for (const pattern of seen) match(left.join("\n"), new RegExp(pattern.source, "m"));
      equal(clusterThings(now).length > 0, isClusters);
      await inLab(remove);
      deepEqual(await found(), []);
    });

  it("is seen when a thing is gone that was there", async () => {
    await inLab("touch /var/lib/libvirt/there");
    const there = await pictureOfLab(place.context);
    await inLab("rm /var/lib/libvirt/there");
    deepEqual(differences(there, await pictureOfLab(place.context)), ["gone: files /var/lib/libvirt/there"]);
  });

  describe("is seen on this machine", () => {
    let machine: Picture;
    before(async () => {
      machine = await pictureOfMachine([runFolder]);
    });
    const leftHere = async (...marks: string[]): Promise<string[]> =>
      differences(machine, await pictureOfMachine([runFolder, ...marks]));
    const ended = async (child: ChildProcess): Promise<void> => {
      child.kill("SIGKILL");
      await once(child, "close");
    };

    it("nothing, where nothing is left", async () => {
      deepEqual(await leftHere(), []);
    });

    it("a temporary file", async () => {
      const file = join(runFolder, "left");
      writeFileSync(file, "");
      deepEqual(await leftHere(), [`left: temporary ${file}`]);
      rmSync(file);
      deepEqual(await leftHere(), []);
    });

    it("a file in the checkout", async () => {
      const file = join(import.meta.dirname, "left-by-a-test");
      writeFileSync(file, "");
      try {
        deepEqual(await leftHere(), ["left: checkout ?? test/integration/leaks/left-by-a-test"]);
        await rejects(machineIsAsItWas(machine, 0), /left-by-a-test/);
      } finally {
        rmSync(file);
      }
      await machineIsAsItWas(machine, 0);
    });

    it("a process that the run started, also one without an environment or with a lab of another folder", async () => {
      const folder = join(runFolder, "other");
      const mark = join(runFolder, "..", `lab of ${process.pid}`);
      mkdirSync(folder);
      const inherits = spawn("sleep", ["1001"], { stdio: "ignore" });
      const named = spawn("sh", ["-c", "sleep 1002; :", folder], { stdio: "ignore", env: {} });
      const marked = spawn("sh", ["-c", "sleep 1003; :", mark], { stdio: "ignore", env: {} });
      const stranger = spawn("sleep", ["1004"], { stdio: "ignore", env: {} });
      rmSync(folder, { recursive: true });
      try {
        const left = (await leftHere(mark)).filter((line) => /100\d/.test(line));
        equal(left.length, 3, left.join("\n"));
        match(left.join("\n"), /^left: processes sleep 1001$/m);
        match(left.join("\n"), /1002.*other/);
        match(left.join("\n"), /1003.*lab of/);
      } finally {
        await Promise.all([inherits, named, marked, stranger].map(ended));
      }
    });
  });
});
