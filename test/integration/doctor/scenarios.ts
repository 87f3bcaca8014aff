/** Hosts with faults, what the doctor says of them, and what mends them; see findings.test.ts. */
import type { Level } from "../../../commands/doctor/types.ts";
import { NETWORK } from "./scenariosNetwork.ts";

interface Row {
  readonly id: string;
  readonly level: Exclude<Level, "ok">;
  readonly found: RegExp;
  /** Why it matters: names what of this plan. */
  readonly why: RegExp;
  /** What is printed behind the arrow. */
  readonly remedy?: RegExp;
  /** Why the remedy is not pasted here, or that there is none. */
  readonly notPasted?: string;
  /** Why the fault is made by a stand-in for a program. */
  readonly double?: string;
}

/** Faults that don't hide each other, so that one look finds all of them. */
export interface Scenario {
  readonly what: string;
  /** Run in the lab. */
  readonly fault?: string;
  /** Run in the lab, whatever happened. */
  readonly after?: string;
  readonly config?: Readonly<Record<string, string>>;
  /** Programs that stand before the real ones: shell scripts, by name. `$REAL` is the real one. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly exit: 0 | 1;
  /** What the remedies have set is previewed. */
  readonly preview?: true;
  readonly rows: readonly Row[];
}

const INSTALL = "installs a package of the machine itself";

const STRANGER =
  "<domain type='qemu'><name>dev-core02</name><memory>1024</memory><os><type>hvm</type></os></domain>";

export const SCENARIOS: readonly Scenario[] = [
  {
    what: "a bridge that is not there",
    config: { bridge: "nosuch0" },
    exit: 1,
    rows: [
      {
        ...{ id: "bridge", level: "problem", found: /^the host has no bridge nosuch0; it has br0$/ },
        why: /^All 3 machines are attached to nosuch0, and get their addresses by DHCP there/,
        remedy: /exec pulumi config set bridge br0$/,
      },
    ],
  },
  {
    what: "a bridge that is none",
    config: { bridge: "lo" },
    exit: 1,
    rows: [
      {
        ...{ id: "bridge", level: "problem", found: /^lo is no bridge but a network card$/ },
        why: /^All 3 machines are attached to lo/,
        remedy: /exec pulumi config set bridge br0$/,
      },
    ],
  },
  {
    what: "a bridge that is down, machines that can't be of their type",
    fault: "ip link set br0 down",
    after: "ip link set br0 up",
    config: { domainType: "kvm" },
    programs: {
      virsh: `case "$*" in *capabilities*) "$REAL" "$@" | sed "s/<domain type='kvm'/<domain type='none'/" ;; *) exec "$REAL" "$@" ;; esac`,
    },
    exit: 1,
    rows: [
      {
        ...{ id: "bridge", level: "problem", found: /^the bridge br0 is down$/ },
        why: /^All 3 machines are attached to br0/,
        remedy: /exec ip link set dev br0 up$/,
      },
      {
        ...{ id: "emulator", level: "problem", found: /^x86_64 machines can be of type qemu only$/ },
        why: /^This plan's machines are x86_64, of type kvm\. KVM runs machines of the host's own architecture/,
        remedy: /exec pulumi config set domainType qemu$/,
        double: "a machine whose processor has KVM lists it, whether it works or not",
      },
      {
        ...{ id: "kvm", level: "problem", found: /^\/dev\/kvm is there, but a guest does not start: / },
        why: /^domainType is kvm: every machine runs by it/,
        remedy: /exec pulumi config set domainType qemu$/,
      },
    ],
  },
  {
    what: "an architecture that nothing emulates",
    config: { arch: "ppc64le", domainType: "qemu" },
    programs: {
      virsh: `case "$*" in *capabilities*) "$REAL" "$@" | sed "s/<arch name='ppc64le'>/<arch name='none'>/" ;; *) exec "$REAL" "$@" ;; esac`,
    },
    exit: 1,
    rows: [
      {
        ...{ id: "emulator", level: "problem", found: /^no emulator for ppc64le machines$/ },
        why: /^This plan's machines are ppc64le/,
        remedy: /apt-get install qemu-system-ppc$/,
        notPasted: INSTALL,
        double: "where the emulator is installed, libvirt must not tell of it",
      },
    ],
  },
  {
    what: "software of other times, a confined QEMU, a port and a clock that nobody keeps",
    fault: `ip link add far0 type veth peer name near0; ip link add link far0 name lan0 type macvlan; ip link set lan0 master br0`,
    after: "ip link del far0",
    config: { poolPath: "/etc/pools" },
    programs: {
      virsh: `case "$*" in
  *version*) "$REAL" "$@" | sed "s/Running hypervisor: QEMU .*/Running hypervisor: QEMU 2.3.0/" ;;
  *capabilities*) "$REAL" "$@" | sed "0,/<secmodel>/s//<secmodel><model>apparmor<\\/model><doi>0<\\/doi><\\/secmodel><secmodel><model>selinux<\\/model><doi>0<\\/doi><\\/secmodel><secmodel>/" ;;
  *) exec "$REAL" "$@" ;;
esac`,
      ls: `case "$1" in -Zd) echo "system_u:object_r:etc_t:s0 $2" ;; *) exec "$REAL" "$@" ;; esac`,
      getenforce: "echo Enforcing",
      timedatectl: "echo no",
    },
    exit: 1,
    rows: [
      {
        ...{
          id: "fw-cfg",
          level: "problem",
          found: /^QEMU 2\.3\.0 has no -fw_cfg; 2\.4\.0 is the first that does$/,
        },
        why: /^Ignition finds a node's config in QEMU's fw_cfg/,
        remedy: /apt-get install --only-upgrade qemu-system-x86 libvirt-daemon-system$/,
        notPasted: INSTALL,
        double: "no QEMU that old is to be had",
      },
      {
        ...{
          id: "confinement",
          level: "problem",
          found:
            /^AppArmor: libvirt gives no machine a file in \/etc\/pools\/dev-core, a folder of the system's own$/,
        },
        why: /^QEMU is confined to the files that its domain names/,
        remedy: /exec pulumi config set poolPath \/var\/lib\/libvirt\/coreos-cluster$/,
        double:
          "the kernel has no AppArmor, so libvirt must be made to name it; what libvirt's helper grants is real",
      },
      {
        ...{
          id: "confinement",
          level: "warning",
          found: /^SELinux: \/etc\/pools\/dev-core is, or will be, of type etc_t/,
        },
        why: /^QEMU is confined/,
        remedy:
          /semanage fcontext -a -t virt_image_t .*\/etc\/pools\/dev-core.* && mkdir -p .* && restorecon -R /,
        notPasted: "the kernel has no SELinux",
        double: "the kernel has no SELinux",
      },
      {
        ...{ id: "bridge", level: "warning", found: /^br0 is up, but its port lan0 is down$/ },
        why: /A DHCP server beyond that port is not reached/,
        remedy: /exec ip link set dev lan0 up$/,
      },
      {
        ...{ id: "clock", level: "warning", found: /^the clock is not synchronised$/ },
        why: /^Machines take their first time from the host/,
        remedy: /exec sh -c 'timedatectl set-ntp true \|\| apt-get install --yes systemd-timesyncd'$/,
        notPasted: INSTALL,
        double: "the machine's own clock is left alone, and no time service runs here",
      },
    ],
  },
  ...NETWORK,
  {
    what: "a host without room, whose registry is off and whose names are taken",
    preview: true,
    fault: `mkdir -p /var/lib/libvirt/coreos-cluster; mount -t tmpfs -o size=8m tmpfs /var/lib/libvirt/coreos-cluster
      printf %s "${STRANGER}" >/tmp/stranger.xml; virsh -q define /tmp/stranger.xml`,
    after: `umount /var/lib/libvirt/coreos-cluster; virsh -q undefine dev-core02`,
    config: { memory: "4096GiB", "discovery.endpoint": "http://10.77.0.9:2379" },
    exit: 1,
    rows: [
      {
        ...{
          id: "disk",
          level: "problem",
          found: /^8 MiB free at \/var\/lib\/libvirt\/coreos-cluster, where .*\/dev-core lies$/,
        },
        why: /^3 disks over a base image of \d+ MiB need .* to begin with and grow to/,
        remedy: /exec pulumi config set poolPath \S+\/coreos-cluster$/,
      },
      {
        ...{ id: "memory", level: "problem", found: /of memory.*, and one machine is to have 4096 GiB$/ },
        why: /that machine does not start/,
        remedy: /exec pulumi config set memory \d+MiB$/,
      },
      {
        ...{
          id: "discovery",
          level: "problem",
          found: /10\.77\.0\.9:2379.*(timed out|no answer|EHOSTUNREACH|unreachable|not reached)/i,
        },
        why: /^New members find each other there; without it no cluster forms/,
        remedy:
          /exec pulumi config set --path discovery\.mode static && .*exec pulumi config rm --path discovery\.endpoint$/,
      },
      {
        ...{
          id: "names",
          level: "problem",
          found: /^there is a machine dev-core02 already, and it carries no mark of a cluster$/,
        },
        why: /^What is somebody else's is never touched/,
        remedy: /exec pulumi config set prefix dev-2-core$/,
      },
    ],
  },
];
