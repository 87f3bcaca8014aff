/** Wrong configs: on the libvirt host. */
import type { WrongConfig } from "./types.ts";

export default [
  {
    set: { bridge: "br 0" },
    says: 'bridge is "br 0"',
    right: "the name of a network interface: at most 15 of a-z, A-Z, 0-9, - _ . @",
    mend: "pulumi config set bridge br0",
  },
  {
    set: { bridge: "a-bridge-too-long" },
    says: 'bridge is "a-bridge-too-long"',
    right: "the name of a network interface: at most 15 of a-z, A-Z, 0-9, - _ . @",
    mend: "pulumi config set bridge br0",
  },
  {
    set: { bridge: "br0'; reboot" },
    says: `bridge is "br0'; reboot"`,
    right: "the name of a network interface: at most 15 of a-z, A-Z, 0-9, - _ . @",
    mend: "pulumi config set bridge br0",
  },
  {
    set: { domainType: "xen" },
    says: 'domainType is "xen"',
    right: "kvm or qemu",
    mend: "pulumi config set domainType kvm",
  },
  {
    set: { autostart: "yes" },
    says: 'autostart is "yes"',
    right: "true or false",
    mend: "pulumi config set autostart true",
  },
  {
    set: { autostart: 1 },
    says: "autostart is 1",
    right: "true or false",
    mend: "pulumi config set autostart true",
  },
  {
    set: { autostart: "no" },
    says: 'autostart is "no"',
    right: "true or false",
    mend: "pulumi config set autostart false",
  },
  {
    set: { poolPath: "pools" },
    says: 'poolPath is "pools"',
    right: "an absolute path of a folder on the libvirt host, in plain letters, without . and ..",
    mend: "pulumi config set poolPath /var/lib/libvirt/coreos-cluster",
  },
  {
    set: { poolPath: "/" },
    says: 'poolPath is "/"',
    right: "an absolute path of a folder on the libvirt host, in plain letters, without . and ..",
    mend: "pulumi config set poolPath /var/lib/libvirt/coreos-cluster",
  },
  {
    set: { poolPath: "/a/../b" },
    says: 'poolPath is "/a/../b"',
    right: "an absolute path of a folder on the libvirt host, in plain letters, without . and ..",
    mend: "pulumi config set poolPath /var/lib/libvirt/coreos-cluster",
  },
  {
    set: { poolPath: "/a b" },
    says: 'poolPath is "/a b"',
    right: "an absolute path of a folder on the libvirt host, in plain letters, without . and ..",
    mend: "pulumi config set poolPath /var/lib/libvirt/coreos-cluster",
  },
] satisfies readonly WrongConfig[];
