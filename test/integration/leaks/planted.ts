/** One thing of each kind that could be left behind on a host, to be planted in a lab and taken away again. */
import type { Place } from "../program/support.ts";

export interface Planted {
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

export const PLANTED: readonly Planted[] = [
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
    what: "a bridge that waits",
    make: "ip link set br0 type bridge stp_state 1 forward_delay 1500",
    // With spanning tree on the kernel takes no delay that short.
    remove: "ip link set br0 type bridge stp_state 0; ip link set br0 type bridge forward_delay 0",
    seen: [
      /^left: devices br0 forward_delay:1500$/,
      /^gone: devices br0 forward_delay:0$/,
      /^left: devices br0 stp_state:1$/,
    ],
  },
  {
    what: "a device that takes all, of another size",
    make: "ip link set br0 promisc on mtu 1400",
    remove: "ip link set br0 promisc off mtu 1500",
    seen: [/^left: devices br0 promisc:yes$/, /^left: devices br0 mtu:1400$/, /^gone: devices br0 mtu:1500$/],
  },
  {
    what: "a neighbour that was written down",
    make: "ip neigh add 10.99.0.9 lladdr 02:00:00:00:00:09 dev br0 nud permanent; ip neigh add proxy 10.99.0.8 dev br0",
    remove: "ip neigh delete 10.99.0.9 dev br0; ip neigh delete proxy 10.99.0.8 dev br0",
    seen: [
      /^left: addresses neighbour 10\.99\.0\.9 dev br0 lladdr 02:00:00:00:00:09$/,
      /^left: addresses neighbour 10\.99\.0\.8 dev br0 proxy$/,
    ],
  },
  {
    what: "shared memory",
    // One of the lab's own: what is in the machine's is for others to see.
    make: "mount -n -t tmpfs left /dev/shm; touch /dev/shm/left",
    remove: "umount -n /dev/shm",
    seen: [/^left: places \/dev\/shm\/left$/],
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
    seen: [/^left: filters iptables filter -A FORWARD -i br0 .*DROP$/],
  },
  {
    what: "a rule of a packet filter of IPv6",
    make: "ip6tables -I INPUT -p tcp --dport 2380 -j DROP",
    remove: "ip6tables -D INPUT -p tcp --dport 2380 -j DROP",
    seen: [/^left: filters ip6tables filter -A INPUT .*DROP$/],
  },
  {
    what: "a rule of a bridge's packet filter",
    make: "ebtables -I FORWARD -p ARP -j DROP",
    remove: "ebtables -D FORWARD -p ARP -j DROP",
    seen: [/^left: filters ebtables filter -A FORWARD -p ARP -j DROP$/],
  },
  {
    what: "a rule that chooses routes",
    make: "ip rule add from 10.99.0.0/24 lookup 99",
    remove: "ip rule delete from 10.99.0.0/24 lookup 99",
    seen: [/^left: routes rule \d+:\s+from 10\.99\.0\.0\/24 lookup 99$/],
  },
  {
    what: "an address, with its routes",
    make: "ip address add 10.99.0.1/24 dev br0",
    remove: "ip address delete 10.99.0.1/24 dev br0",
    seen: [/^left: addresses br0 10\.99\.0\.1\/24$/, /^left: routes 10\.99\.0\.0\/24 dev br0/],
  },
  {
    what: "a network that was slowed down",
    make: "tc qdisc add dev br0 root tbf rate 48kbit burst 3000 latency 800ms",
    remove: "tc qdisc delete dev br0 root",
    isClusters: true,
    seen: [/^left: queues qdisc tbf dev br0/],
  },
  {
    what: "another configuration file",
    make: "echo left >/run/left-name; mount -n --bind /run/left-name /etc/hostname",
    remove: "umount -n /etc/hostname; rm /run/left-name",
    seen: [/^left: configuration \/etc\/hostname 5 /, /^gone: configuration \/etc\/hostname /],
  },
  {
    what: "a folder in a place of the system's",
    make: "mkdir /run/left",
    remove: "rmdir /run/left",
    seen: [/^left: places \/run\/left$/],
  },
];

/** Runs a script of a planted thing. */
export const inLab = (place: Place, script: string): Promise<string> =>
  place.inside("sh", "-e", "-c", script.replaceAll("REGISTRY", place.host.registry));
