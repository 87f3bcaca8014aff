/** Texts made of what is known of a cluster's machines. Pure. */
export { dhcpReservations, dnsmasqLines, iscBlocks, keaReservations, type DhcpReservations } from "./dhcp.ts";
export { etcdEnvironment, etcdVariables, hostsLines, sshConfig, type HostKeys } from "./names.ts";
export type { Machine } from "./machine.ts";
