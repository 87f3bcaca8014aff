/** Wrong configs: MAC and IPv4 addresses of machines. */
import type { WrongConfig } from "./types.ts";

export default [
  {
    set: { nodes: { "web-1": { mac: "52:54:00:12:34" } } },
    says: 'nodes["web-1"].mac is "52:54:00:12:34"',
    right: "a MAC address such as 52:54:00:12:34:56",
    mend: `pulumi config rm --path 'nodes["web-1"].mac'`,
  },
  {
    set: { nodes: { "web-1": { mac: "01:00:5e:00:00:01" } } },
    says: 'nodes["web-1"].mac is "01:00:5e:00:00:01"',
    right:
      "a MAC address that a machine can have; this one is for groups of machines (the lowest bit of its first byte is set)",
    mend: `pulumi config rm --path 'nodes["web-1"].mac'`,
  },
  {
    set: { nodes: { "web-1": { mac: "00-00-00-00-00-00" } } },
    says: 'nodes["web-1"].mac is "00-00-00-00-00-00"',
    right: "a MAC address that a machine can have; this one stands for no machine",
    mend: `pulumi config rm --path 'nodes["web-1"].mac'`,
  },
  {
    set: { nodes: { "web-1": { mac: "fe54.0000.0001" } } },
    says: 'nodes["web-1"].mac is "fe54.0000.0001"',
    right: "a MAC address that a machine can have; libvirt keeps those that begin with fe for itself",
    mend: `pulumi config rm --path 'nodes["web-1"].mac'`,
  },
  {
    set: { nodes: { "web-1": { mac: 5254 } } },
    says: 'nodes["web-1"].mac is 5254',
    right: "a MAC address such as 52:54:00:12:34:56",
    mend: `pulumi config rm --path 'nodes["web-1"].mac'`,
  },
  {
    set: { nodes: { a: { mac: "52:54:00:00:00:01" }, b: { mac: "52-54-00-00-00-01" } } },
    says: 'nodes.b.mac is "52-54-00-00-00-01"',
    right: "a MAC address of its own for each node; a and b would share 52:54:00:00:00:01",
    mend: "pulumi config set --path nodes.b.mac 52:54:00:d7:07:5a",
  },
  {
    set: { nodes: { "web-1": { address: "10.0.0.256" } } },
    says: 'nodes["web-1"].address is "10.0.0.256"',
    right: "an IPv4 address such as 10.0.0.11",
    mend: `pulumi config rm --path 'nodes["web-1"].address'`,
  },
  {
    set: { nodes: { "web-1": { address: "10.0.0.0/24" } } },
    says: 'nodes["web-1"].address is "10.0.0.0/24"',
    right: "an IPv4 address such as 10.0.0.11",
    mend: `pulumi config rm --path 'nodes["web-1"].address'`,
  },
  {
    set: { nodes: { "web-1": { address: "fe80::1" } } },
    says: 'nodes["web-1"].address is "fe80::1"',
    right: "an IPv4 address such as 10.0.0.11",
    mend: `pulumi config rm --path 'nodes["web-1"].address'`,
  },
  {
    set: { nodes: { "web-1": { address: "127.0.0.5" } } },
    says: 'nodes["web-1"].address is "127.0.0.5"',
    right:
      "an IPv4 address that a DHCP server can give to a machine; 127.0.0.0/8 is each machine's own loopback",
    mend: `pulumi config rm --path 'nodes["web-1"].address'`,
  },
  {
    set: { nodes: { "web-1": { address: "169.254.1.1" } } },
    says: 'nodes["web-1"].address is "169.254.1.1"',
    right:
      "an IPv4 address that a DHCP server can give to a machine; 169.254.0.0/16 is for machines without a DHCP server",
    mend: `pulumi config rm --path 'nodes["web-1"].address'`,
  },
  {
    set: { nodes: { "web-1": { address: "224.0.0.251" } } },
    says: 'nodes["web-1"].address is "224.0.0.251"',
    right: "an IPv4 address that a DHCP server can give to a machine; 224.0.0.0/4 is for multicast",
    mend: `pulumi config rm --path 'nodes["web-1"].address'`,
  },
  {
    set: { nodes: { "web-1": { address: "255.255.255.255" } } },
    says: 'nodes["web-1"].address is "255.255.255.255"',
    right:
      "an IPv4 address that a DHCP server can give to a machine; 240.0.0.0/4 is reserved, and its last address is broadcast",
    mend: `pulumi config rm --path 'nodes["web-1"].address'`,
  },
  {
    set: { nodes: { "web-1": { address: "0.0.0.0" } } },
    says: 'nodes["web-1"].address is "0.0.0.0"',
    right: 'an IPv4 address that a DHCP server can give to a machine; 0.0.0.0/8 means "this network"',
    mend: `pulumi config rm --path 'nodes["web-1"].address'`,
  },
  {
    set: { nodes: { "web-1": { address: "250.1.1.1" } } },
    says: 'nodes["web-1"].address is "250.1.1.1"',
    right:
      "an IPv4 address that a DHCP server can give to a machine; 240.0.0.0/4 is reserved, and its last address is broadcast",
    mend: `pulumi config rm --path 'nodes["web-1"].address'`,
  },
  {
    set: { nodes: { a: { address: "10.0.0.1" }, b: { address: "10.0.0.1" }, c: {} } },
    says: 'nodes.b.address is "10.0.0.1"',
    right: "an address of its own for each node; a and b share 10.0.0.1",
    mend: "pulumi config rm --path nodes.b.address",
  },
] satisfies readonly WrongConfig[];
