/** Whether the plan's bridge is there, is a Linux bridge, and is up. */
import { field, list, parsed } from "../../http.ts";
import type { Check, HostShell, Output, PlanFacts, Verdict } from "../types.ts";
import { complaint, noShell, ok, unproven } from "../words.ts";

/** A network interface as `ip -json -details` shows it, as far as it matters. */
export interface Link {
  readonly name: string;
  /** `bridge`, `veth`, `tun`, ...; empty for a network card. */
  readonly kind: string;
  readonly up: boolean;
  /** Seconds that a port of the bridge is silent after it comes up: twice the forward delay where spanning tree is on. */
  readonly silent: number;
  /** A bridge's forward delay as `ip` sets it, in hundredths of a second; 0 for what is no bridge. */
  readonly delay: number;
  /** An interface that leads out of the host, as a port of a bridge: a network card, a bond, a VLAN. */
  readonly uplink: boolean;
  readonly addresses: readonly string[];
  /** IPv6 addresses of somebody's own, with their prefixes: `fd00::1/64`. */
  readonly ipv6: readonly string[];
}

/** The least forward delay that spanning tree can have, in hundredths of a second (IEEE 802.1D, 17.14). */
const LEAST_DELAY = 200;

/** Seconds of silence that no system minds: two such delays. */
const SHORT = (2 * LEAST_DELAY) / 100;

/** Interfaces that end on the same host. */
const INNER: readonly string[] = ["tun", "tap", "veth", "dummy", "macvtap"];

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function link(value: unknown): Link {
  const info = field(value, "linkinfo");
  const kind = text(field(info, "info_kind"));
  const data = field(info, "info_data");
  const delay = Number(field(data, "forward_delay") ?? 0);
  const stp = Number(field(data, "stp_state") ?? 0) > 0;
  return {
    name: text(field(value, "ifname")),
    kind,
    up: list(field(value, "flags")).includes("UP"),
    silent: stp ? (2 * delay) / 100 : 0,
    delay,
    uplink: !INNER.includes(kind),
    addresses: list(field(value, "addr_info"))
      .filter((one) => field(one, "scope") === "global")
      .map((one) => String(field(one, "local"))),
    ipv6: list(field(value, "addr_info"))
      .filter(
        (one) =>
          field(one, "scope") === "global" &&
          field(one, "family") === "inet6" &&
          field(one, "dynamic") !== true,
      )
      .map((one) => `${String(field(one, "local"))}/${String(field(one, "prefixlen"))}`),
  };
}

/** The interfaces in an answer of `ip -json -details address show`; none where there is no such answer. */
export const linksIn = ({ code, stdout }: Output): Link[] =>
  code === 0
    ? list(parsed(stdout)).flatMap((one) => (field(one, "ifname") === undefined ? [] : [link(one)]))
    : [];

/** What was seen of a bridge: the answers of `ip`. */
export interface BridgeSeen {
  readonly self: Output;
  readonly ports: Output;
}

export async function lookAtBridge(shell: HostShell, bridge: string): Promise<BridgeSeen> {
  const show = ["ip", "-json", "-details", "address", "show"] as const;
  const [self, ports] = await Promise.all([
    shell.run([...show, "dev", bridge]),
    shell.run([...show, "master", bridge]),
  ]);
  return { self, ports };
}

/** A bridge that is there, with its ports; undefined where there is none of that name. */
export function bridgeIn({ self, ports }: BridgeSeen): { bridge: Link; ports: readonly Link[] } | undefined {
  const [bridge] = linksIn(self);
  return bridge === undefined ? undefined : { bridge, ports: linksIn(ports) };
}

/** What is set on devices so that a bridge carries machines: what the remedies of judgeBridge say, all at once. */
export const linkSettings = (
  bridge: Link,
  ports: readonly Link[],
): {
  readonly link: Link;
  readonly setting: "state" | "forward_delay";
  readonly from: string;
  readonly to: string;
}[] => [
  ...[bridge, ...ports.filter(({ uplink }) => uplink)]
    .filter(({ up }) => !up)
    .map((link) => ({ link, setting: "state", from: "down", to: "up" }) as const),
  ...(bridge.silent > SHORT
    ? [
        {
          link: bridge,
          setting: "forward_delay",
          from: String(bridge.delay),
          to: String(LEAST_DELAY),
        } as const,
      ]
    : []),
];

export interface BridgeWords {
  readonly asRoot: (command: string) => string;
  readonly typed: (command: string) => string;
}

/** @param others names of the bridges that the host has. */
export function judgeBridge(
  { bridge: wanted, nodes }: Pick<PlanFacts, "bridge" | "nodes">,
  seen: BridgeSeen,
  others: readonly string[],
  { asRoot, typed }: BridgeWords,
): Verdict {
  const why = `All ${nodes.length} machines are attached to ${wanted}, and get their addresses by DHCP there.`;
  if (seen.self.code === 127)
    return unproven(
      `the bridge ${wanted}`,
      "the host has no program ip",
      why,
      asRoot("apt-get install iproute2"),
    );
  const found = bridgeIn(seen);
  if (found === undefined) {
    if (!/does not exist|Cannot find device/i.test(seen.self.stderr))
      return unproven(`the bridge ${wanted}`, complaint(seen.self), why);
    const [other] = others;
    return {
      level: "problem",
      found: `the host has no bridge ${wanted}${others.length === 0 ? "" : `; it has ${others.join(", ")}`}`,
      why: `${why} A bridge with a DHCP server of its own comes with libvirt's network "default": virbr0.`,
      remedy:
        other === undefined
          ? `${asRoot("virsh net-start default")} && ${typed("pulumi config set bridge virbr0")}`
          : typed(`pulumi config set bridge ${other}`),
    };
  }
  const { bridge, ports } = found;
  if (bridge.kind !== "bridge")
    return {
      level: "problem",
      found: `${wanted} is no bridge but ${bridge.kind === "" ? "a network card" : `of kind ${bridge.kind}`}`,
      why,
      ...(others[0] === undefined ? {} : { remedy: typed(`pulumi config set bridge ${others[0]}`) }),
    };
  if (!bridge.up)
    return {
      level: "problem",
      found: `the bridge ${wanted} is down`,
      why,
      remedy: asRoot(`ip link set dev ${wanted} up`),
      prepared: true,
    };
  const down = ports.filter(({ uplink, up }) => uplink && !up);
  if (down[0] !== undefined)
    return {
      level: "warning",
      found: `${wanted} is up, but its port ${down.map(({ name }) => name).join(", ")} is down`,
      why: `${why} A DHCP server beyond that port is not reached.`,
      remedy: asRoot(`ip link set dev ${down[0].name} up`),
      prepared: true,
    };
  if (bridge.silent > SHORT)
    return {
      level: "warning",
      found: `${wanted} is up; spanning tree is on, so a machine hears nothing for its first ${bridge.silent} s`,
      why: `${why} Systems that ask early give up or boot later.`,
      remedy: asRoot(`ip link set dev ${wanted} type bridge forward_delay ${LEAST_DELAY}`),
      prepared: true,
    };
  const count = `${ports.length} port${ports.length === 1 ? "" : "s"}`;
  return ok(`${wanted} is up, with ${ports.length === 0 ? "no port yet" : count}`, why);
}

export const bridge: Check = {
  id: "bridge",
  about: "the plan's bridge exists, is a Linux bridge and is up, and so are its ports",
  quick: {},
  run: async (situation) => {
    const { plan, shell, typed } = situation;
    if (shell === undefined)
      return [unproven(`the bridge ${plan.bridge}`, noShell(situation), "All machines are attached to it.")];
    const [seen, all] = await Promise.all([
      lookAtBridge(shell, plan.bridge),
      shell.run(["ip", "-json", "-details", "address", "show", "type", "bridge"]),
    ]);
    const others = linksIn(all).map(({ name }) => name);
    return [judgeBridge(plan, seen, others, { asRoot: shell.asRoot, typed })];
  },
};
