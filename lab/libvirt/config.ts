/** The configuration of the lab's daemons, as text. Pure. */
import { createHash } from "node:crypto";
import { network } from "./layout.ts";

/** A UUID that a lab has as long as its folder is where it is: two labs on one machine are two hosts. */
const uuidOf = (folder: string): string =>
  createHash("sha256")
    .update(folder)
    .digest("hex")
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-4$3-8$4-$5");

/**
 * libvirtd: reachable by its unix socket alone, by root alone, asking neither polkit nor the audit system.
 * @param folder the lab's.
 */
export const libvirtdConf = (
  folder: string,
): string => `# Made by the lab; see docs/adr/0004-private-libvirt.md
host_uuid = "${uuidOf(folder)}"
unix_sock_rw_perms = "0700"
unix_sock_ro_perms = "0700"
auth_unix_rw = "none"
auth_unix_ro = "none"
audit_level = 0
log_outputs = "3:stderr"
`;

/** virtlogd writes the guests' console logs: 2 files of 8 MiB for each. */
export const virtlogdConf = (): string => `# Made by the lab; see docs/adr/0004-private-libvirt.md
log_outputs = "3:stderr"
max_size = 8388608
max_backups = 1
`;

/**
 * libvirt's QEMU driver. QEMU runs as the distribution's unprivileged user.
 * Switched off is what would reach out of the lab's namespaces: AppArmor profiles and cgroups are the host's,
 * huge pages make folders below the host's /dev/hugepages, and owners remembered in extended attributes would
 * outlive a lab that was killed.
 */
export const qemuConf = (): string => `# Made by the lab; see docs/adr/0004-private-libvirt.md
security_driver = "none"
cgroup_controllers = []
hugetlbfs_mount = []
namespaces = []
remember_owner = 0
`;

/**
 * dnsmasq: DHCP and DNS on the bridge only, with the names that the guests give themselves.
 * `dhcp-ignore-clid` ties a lease to the MAC whatever client id the guest sends, so that a rebuilt machine keeps its address;
 * `no-ping` saves three seconds per new lease, and nobody else gives out addresses here.
 */
export const dnsmasqConf = (user: string): string => `# Made by the lab; see docs/adr/0004-private-libvirt.md
user=${user}
interface=${network.bridge}
except-interface=lo
bind-interfaces
no-resolv
no-hosts
no-poll
log-facility=-
pid-file=/run/libvirt/network/lab.pid
domain=${network.domain}
local=/${network.domain}/
expand-hosts
domain-needed
bogus-priv
host-record=registry.${network.domain},${network.address}
dhcp-range=${network.dhcpFirst},${network.dhcpLast},12h
dhcp-leasefile=/var/lib/libvirt/dnsmasq/lab.leases
dhcp-lease-max=250
dhcp-authoritative
dhcp-ignore-clid
no-ping
`;
