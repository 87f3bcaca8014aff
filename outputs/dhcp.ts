/**
 * DHCP reservations: so that a DHCP server gives each machine the address that it has now, forever. A machine without a known
 * IPv4 address gets its name reserved only.
 */
import { ipv4Of, type Machine, text } from "./machine.ts";

export interface DhcpReservations {
  /** Lines for dnsmasq.conf, or a file in its dhcp-hostsdir without the `dhcp-host=`. */
  readonly dnsmasq: string;
  /** Blocks for ISC's dhcpd.conf. */
  readonly isc: string;
  /** JSON: the value of `reservations` of a Kea subnet4. */
  readonly kea: string;
}

/** `dhcp-host=52:54:00:f5:8f:e1,10.0.0.5,dev-core01` (dnsmasq(8)). */
export const dnsmasqLines = (machines: readonly Machine[]): string =>
  text(
    machines.map((machine) => {
      const address = ipv4Of(machine);
      return `dhcp-host=${[machine.mac, ...(address === undefined ? [] : [address]), machine.name].join(",")}`;
    }),
  );

/** `host dev-core01 { ... }` (dhcpd.conf(5)). */
export const iscBlocks = (machines: readonly Machine[]): string =>
  text(
    machines.flatMap((machine) => {
      const address = ipv4Of(machine);
      return [
        `host ${machine.name} {`,
        `  hardware ethernet ${machine.mac};`,
        ...(address === undefined ? [] : [`  fixed-address ${address};`]),
        `  option host-name "${machine.name}";`,
        "}",
      ];
    }),
  );

/** Kea's host reservations (Kea ARM, "Host Reservations in DHCPv4"), as JSON with line ends. */
export const keaReservations = (machines: readonly Machine[]): string => {
  const reservations = machines.map((machine) => {
    const address = ipv4Of(machine);
    return {
      "hw-address": machine.mac,
      ...(address === undefined ? {} : { "ip-address": address }),
      hostname: machine.name,
    };
  });
  return `${JSON.stringify(reservations, null, 2)}\n`;
};

export const dhcpReservations = (machines: readonly Machine[]): DhcpReservations => ({
  dnsmasq: dnsmasqLines(machines),
  isc: iscBlocks(machines),
  kea: keaReservations(machines),
});
