/** Those whose bridge, DHCP server, settings and packet filters are at fault. */
import type { Scenario } from "./scenarios.ts";

export const NETWORK: readonly Scenario[] = [
  {
    what: "a bridge with spanning tree, whose DHCP server names no router",
    // Not the lab's own bridge: the doctor opens the lab, which starts its DHCP server anew where that doesn't answer.
    fault: `ip link add slow0 type bridge stp_state 1 forward_delay 300; ip addr add 10.78.0.1/24 dev slow0; ip link set slow0 up
      dnsmasq --conf-file=/dev/null --port=0 --interface=slow0 --bind-dynamic --no-ping --user=root --dhcp-option=3 \
        --dhcp-range=10.78.0.60,10.78.0.70,1h --dhcp-leasefile=/tmp/leases --pid-file=/tmp/other.pid`,
    after: `kill $(cat /tmp/other.pid); ip link del slow0`,
    config: { bridge: "slow0" },
    exit: 0,
    rows: [
      {
        ...{
          id: "bridge",
          level: "warning",
          found: /^slow0 is up; spanning tree is on, so a machine hears nothing for its first 6 s$/,
        },
        why: /Systems that ask early give up or boot later/,
        remedy: /exec ip link set dev slow0 type bridge forward_delay 200$/,
      },
      {
        ...{
          id: "dhcp",
          level: "note",
          found: /^10\.78\.0\.1 offers 10\.78\.0\.\d+ on slow0 \(no router, leases of 60 min\)$/,
        },
        why: /Without a router the nodes reach their own network only/,
        notPasted: "the server is somebody else's",
      },
    ],
  },
  {
    what: "a bridge without a DHCP server",
    fault: "ip link add lone0 type bridge; ip link set lone0 up",
    after: "ip link del lone0",
    config: { bridge: "lone0" },
    exit: 1,
    rows: [
      {
        ...{ id: "dhcp", level: "problem", found: /^no DHCP server answered on lone0 within 10 s$/ },
        why: /^Nodes get their addresses by DHCP only, from a server that is somebody else's/,
        remedy: /exec bridge link show # is the port there that leads to the server\?/,
        notPasted: "it shows where to look: no command brings somebody else's server",
      },
    ],
  },
  {
    what: "a host whose network holds everything up",
    fault: `echo 0 >/proc/sys/net/ipv4/ip_forward
      for file in /proc/sys/net/bridge/bridge-nf-call-iptables; do if [ -e "$file" ]; then echo 1 >"$file"; fi; done
      iptables -P FORWARD DROP; ip6tables -P FORWARD DROP
      echo 0 >/tmp/ksm; mount --bind /tmp/ksm /sys/kernel/mm/ksm/run`,
    after: `iptables -F FORWARD; iptables -P FORWARD ACCEPT; ip6tables -F FORWARD; ip6tables -P FORWARD ACCEPT; umount /sys/kernel/mm/ksm/run`,
    exit: 1,
    rows: [
      {
        ...{ id: "sysctls", level: "warning", found: /^net\.bridge\.bridge-nf-call-iptables = 1/ },
        why: /^Frames between machines on br0 go through the host's packet filters/,
        remedy: /exec sysctl -w net\.bridge\.bridge-nf-call-iptables=0/,
      },
      {
        ...{ id: "sysctls", level: "warning", found: /^net\.ipv4\.ip_forward = 0$/ },
        why: /^br0 has no port that leads out, so this host routes for its machines/,
        remedy: /exec sysctl -w net\.ipv4\.ip_forward=1$/,
      },
      {
        ...{
          id: "forward",
          level: "problem",
          found: /^iptables drops what machines on the bridge send to each other: FORWARD: policy drop$/,
        },
        why: /^Members on br0 talk to each other/,
        remedy: /exec sh -c 'iptables -I FORWARD -i br0 -j ACCEPT && iptables -I FORWARD -o br0 -j ACCEPT'$/,
      },
      {
        ...{ id: "ksm", level: "note", found: /^equal pages of machines are not merged$/ },
        why: /^3 machines of one image/,
        remedy: /exec sh -c 'echo 1 \| tee \/sys\/kernel\/mm\/ksm\/run'$/,
      },
    ],
  },
  {
    what: "a host that filters in other tables than the usual one",
    fault: `for file in /proc/sys/net/bridge/bridge-nf-call-*tables; do if [ -e "$file" ]; then echo 0 >"$file"; fi; done
      iptables -t mangle -A FORWARD -i br0 -j DROP; ebtables -A FORWARD -j DROP`,
    after: `iptables -t mangle -F FORWARD; ebtables -F FORWARD`,
    exit: 1,
    rows: [
      {
        ...{
          id: "forward",
          level: "warning",
          found:
            /^iptables -t mangle drops what the machines send beyond this host: -A FORWARD -i br0 -j DROP$/,
        },
        why: /^Members on br0 talk to each other/,
        remedy:
          /exec sh -c 'iptables -t mangle -I FORWARD -i br0 -j ACCEPT && iptables -t mangle -I FORWARD -o br0 -j ACCEPT'$/,
      },
      {
        ...{
          id: "forward",
          level: "problem",
          found: /^ebtables drops what machines on the bridge send to each other: -A FORWARD -j DROP$/,
        },
        why: /^Members on br0 talk to each other/,
        remedy:
          /exec sh -c 'ebtables -I FORWARD --logical-in br0 -j ACCEPT && ebtables -I FORWARD --logical-out br0 -j ACCEPT'$/,
        notPasted: "not every kernel has what nftables needs to know a bridge by its name (nft_meta_bridge)",
      },
    ],
  },
  {
    what: "a host that drops under conditions",
    fault: "iptables -A FORWARD -p udp -j DROP; iptables -A FORWARD -p tcp -j DROP",
    after: "iptables -D FORWARD -p udp -j DROP; iptables -D FORWARD -p tcp -j DROP",
    exit: 0,
    rows: [
      {
        ...{
          id: "forward",
          level: "note",
          found:
            /^not judged: iptables has 2 rules that drop under conditions of their own: -A FORWARD -p udp -j DROP, -A FORWARD -p tcp -j DROP$/,
        },
        why: /^Members on br0 talk to each other/,
        remedy: /exec iptables -S FORWARD$/,
        notPasted: "it shows the rules: which of them are right is for their owner to say",
      },
    ],
  },
];
