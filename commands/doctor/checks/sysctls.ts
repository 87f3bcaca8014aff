/** Kernel settings of the network that a host of bridged machines wants. */
import { bridgeIn, lookAtBridge } from "./bridge.ts";
import type { Check, HostShell, Output, PlanFacts, Verdict } from "../types.ts";
import { noShell, ok, unproven } from "../words.ts";

/** Names as sysctl(8) writes them, and the values that are wanted. Those that a host doesn't have don't matter. */
export const BRIDGE_FILTER = {
  "net.bridge.bridge-nf-call-iptables": "0",
  "net.bridge.bridge-nf-call-ip6tables": "0",
  "net.bridge.bridge-nf-call-arptables": "0",
  "net.bridge.bridge-nf-filter-vlan-tagged": "0",
} as const;

export const FORWARDING = {
  "net.ipv4.ip_forward": "1",
  "net.ipv6.conf.all.forwarding": "1",
} as const;

const WANTED: Readonly<Record<string, string>> = { ...FORWARDING, ...BRIDGE_FILTER };

/** The file of a setting. The names that are used here hold no interface, whose dots would be ambiguous. */
export const sysctlFile = (name: string): string => `/proc/sys/${name.replaceAll(".", "/")}`;

/** The values that the host has; settings that it doesn't have are left out. */
export async function readSysctls(
  shell: HostShell,
  names: readonly string[] = Object.keys(WANTED),
): Promise<ReadonlyMap<string, string>> {
  const answer = await shell.run(["grep", "-s", "-H", "", ...names.map(sysctlFile)]);
  return sysctlsIn(answer, names);
}

/** The values in an answer of `grep -H ""` over their files. */
export function sysctlsIn(
  { stdout }: Pick<Output, "stdout">,
  names: readonly string[],
): ReadonlyMap<string, string> {
  const lines = stdout.split("\n").map((line) => /^([^:]+):(.*)$/.exec(line) ?? []);
  const byFile = new Map(
    lines.flatMap(([, file, value]) => (file === undefined ? [] : [[file, (value ?? "").trim()]])),
  );
  return new Map(
    names.flatMap((name) => {
      const value = byFile.get(sysctlFile(name));
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/**
 * How machines on a bridge reach what is beyond it: `bridged` through a port that leads out, `routed` by this host.
 * Only the second needs forwarding, and packet filters see it.
 */
export type Way = "bridged" | "routed";

export const wayOf = (ports: readonly { readonly uplink: boolean }[]): Way =>
  ports.some(({ uplink }) => uplink) ? "bridged" : "routed";

/**
 * @param way undefined where the bridge is not known.
 * @param ipv6 whether the bridge has an IPv6 address that is routed.
 */
export function judgeSysctls(
  { bridge }: Pick<PlanFacts, "bridge">,
  values: ReadonlyMap<string, string>,
  { way, ipv6 }: { readonly way: Way | undefined; readonly ipv6: boolean },
  asRoot: (command: string) => string,
): Verdict[] {
  const wrong = (names: readonly string[]): string[] =>
    names.filter((name) => values.has(name) && values.get(name) !== WANTED[name]);
  const set = (names: readonly string[]): string =>
    asRoot(`sysctl -w ${names.map((name) => `${name}=${WANTED[name] ?? ""}`).join(" ")}`);
  const show = (names: readonly string[]): string =>
    names.map((name) => `${name} = ${values.get(name) ?? ""}`).join(", ");
  const filtered = wrong(Object.keys(BRIDGE_FILTER));
  const forwarding = wrong(["net.ipv4.ip_forward", ...(ipv6 ? ["net.ipv6.conf.all.forwarding"] : [])]);
  const verdicts: Verdict[] = [];
  if (filtered.length > 0)
    verdicts.push({
      level: "warning",
      found: show(filtered),
      why: `Frames between machines on ${bridge} go through the host's packet filters, where a rule for routed traffic can drop DHCP and etcd (see forward).`,
      remedy: set(filtered),
      prepared: true,
    });
  if (forwarding.length > 0 && way !== "bridged")
    verdicts.push({
      level: "warning",
      found: show(forwarding),
      why:
        way === undefined
          ? "Where this host routes for its machines, they reach nothing beyond it."
          : `${bridge} has no port that leads out, so this host routes for its machines: they reach nothing beyond it, no registry and no container images.`,
      remedy: set(forwarding),
      prepared: true,
    });
  if (verdicts.length > 0) return verdicts;
  const words = forwarding.length > 0 ? "; forwarding is off and not needed" : "";
  return [
    ok(
      `as a bridge of machines wants them${words}`,
      `Traffic of the machines on ${bridge} is neither filtered nor held up.`,
    ),
  ];
}

export const sysctls: Check = {
  id: "sysctls",
  about:
    "forwarding is on where the host routes for its machines, and frames on the bridge don't go through packet filters",
  quick: {},
  run: async (situation) => {
    const { shell, plan } = situation;
    if (shell === undefined)
      return [
        unproven(
          "the kernel's network settings",
          noShell(situation),
          "They can hold up traffic of the machines.",
        ),
      ];
    const values = await readSysctls(shell);
    const found = bridgeIn(await lookAtBridge(shell, plan.bridge));
    const ipv6 = found?.bridge.addresses.some((address) => address.includes(":")) ?? false;
    const way = found === undefined ? undefined : wayOf(found.ports);
    return judgeSysctls(plan, values, { way, ipv6 }, shell.asRoot);
  },
};
