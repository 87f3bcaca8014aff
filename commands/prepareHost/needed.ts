/** What has to change on a host so that a bridge carries machines: only what is not right yet. */
import { ACL_FILE, aclFor, lookAtAcl } from "../doctor/checks/bridgeAcl.ts";
import { bridgeIn, linkSettings, lookAtBridge } from "../doctor/checks/bridge.ts";
import { KSM_FILE } from "../doctor/checks/ksm.ts";
import {
  BRIDGE_FILTER,
  FORWARDING,
  readSysctls,
  sysctlFile,
  wayOf,
  type Way,
} from "../doctor/checks/sysctls.ts";
import { acceptancesFor, type Drop, dropsOf, isMarkable } from "../doctor/firewall/drops.ts";
import { lookAtFirewall } from "../doctor/firewall/look.ts";
import type { Filter } from "../doctor/firewall/ruleset.ts";
import { field, list, parsed } from "../http.ts";
import type { HostShell } from "../doctor/types.ts";
import { UserError } from "../ui/errors.ts";
import {
  findRule,
  type Change,
  type LinkChange,
  type Part,
  type RuleChange,
  type TextChange,
  type ValueChange,
} from "./changes.ts";

export interface Needed {
  readonly changes: readonly Change[];
  /** What is not right and not changed here, a sentence each. */
  readonly left: readonly string[];
}

/** A bridge that can be prepared. @throws UserError where there is none of that name. */
async function bridgeOn(
  shell: HostShell,
  name: string,
): Promise<{ way: Way; ipv6: boolean; links: LinkChange[] }> {
  const seen = await lookAtBridge(shell, name);
  if (seen.self.code === 127)
    throw new UserError(`${shell.name} has no program ip (Debian, Ubuntu: apt-get install iproute2)`);
  const found = bridgeIn(seen);
  if (found?.bridge.kind === "bridge")
    return {
      way: wayOf(found.ports),
      ipv6: found.bridge.addresses.some((address) => address.includes(":")),
      links: linkSettings(found.bridge, found.ports).map(({ link, setting, from, to }) => ({
        ...{ kind: "link", device: link.name, setting, from, to },
        addresses: link.ipv6,
      })),
    };
  throw new UserError(
    `${shell.name} has no bridge ${name}${found === undefined ? "" : ` (${name} is something else)`}, and host-prepare makes none: a bridge needs a way out ` +
      `or a DHCP server, which only its owner can give it.\n` +
      `libvirt brings one that has both: virsh net-start default, then pulumi config set bridge virbr0`,
  );
}

/** Files and their values, as `grep -H ""` shows them. */
const filesIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    text.split("\n").flatMap((line) => {
      const [, file, value] = /^([^:]+):(.*)$/.exec(line) ?? [];
      return file === undefined ? [] : [[file, value ?? ""]];
    }),
  );

/**
 * What the kernel sets along with forwarding (ip-sysctl.rst: "its change resets all configuration parameters"): each interface's
 * own switch, and whether redirects are taken.
 */
const ALONG: Readonly<Record<string, string>> = {
  "net.ipv4.ip_forward":
    "grep -s -H '' /proc/sys/net/ipv4/conf/*/forwarding /proc/sys/net/ipv4/conf/*/accept_redirects",
  "net.ipv6.conf.all.forwarding": "grep -s -H '' /proc/sys/net/ipv6/conf/*/forwarding",
};

/**
 * Interfaces that have their IPv6 default route from a router's announcements, which a kernel that forwards ignores unless
 * accept_ra is 2: without it this host would lose its way out some minutes later.
 */
async function announced(shell: HostShell): Promise<ValueChange[]> {
  const routes = await shell.run(["ip", "-json", "-6", "route", "show", "default", "proto", "ra"]);
  const devices = [...new Set(list(parsed(routes.stdout)).map((route) => String(field(route, "dev"))))];
  const changes: ValueChange[] = [];
  for (const device of devices) {
    const file = `/proc/sys/net/ipv6/conf/${device}/accept_ra`;
    const from = (await shell.run(["cat", file])).stdout.trim();
    if (from === "1") changes.push({ kind: "value", file, from, to: "2", along: {} });
  }
  return changes;
}

async function sysctlChanges(
  shell: HostShell,
  { way, ipv6 }: { way: Way; ipv6: boolean },
): Promise<Change[]> {
  const wanted: Record<string, string> = { ...BRIDGE_FILTER };
  if (way === "routed") wanted["net.ipv4.ip_forward"] = FORWARDING["net.ipv4.ip_forward"];
  if (way === "routed" && ipv6)
    wanted["net.ipv6.conf.all.forwarding"] = FORWARDING["net.ipv6.conf.all.forwarding"];
  const values = await readSysctls(shell, Object.keys(wanted));
  const changes: Change[] = [];
  for (const [name, from] of values) {
    const to = wanted[name] ?? from;
    if (from === to) continue;
    const along = ALONG[name];
    if (name === "net.ipv6.conf.all.forwarding") changes.push(...(await announced(shell)));
    const own = sysctlFile(name);
    const others = along === undefined ? {} : filesIn((await shell.run(["sh", "-c", along])).stdout);
    const rest = Object.fromEntries(Object.entries(others).filter(([file]) => file !== own));
    changes.push({ kind: "value", file: own, from, to, along: rest });
  }
  return changes;
}

/** The rules that let a bridge's traffic through where a filter drops it. None where no rule would, or where it would carry no mark. */
const rulesFor = (filter: Filter, bridge: string, drops: readonly Drop[]): RuleChange[] =>
  isMarkable(filter)
    ? acceptancesFor(drops).map(({ chain, side }) => ({
        ...{ kind: "rule", tool: filter.holder, chain, bridge, side: side === "in" ? "-i" : "-o" },
      }))
    : [];

async function firewallChanges(shell: HostShell, bridge: string, way: Way): Promise<Needed> {
  const { filters, faults } = await lookAtFirewall(shell);
  // Whoever loads or uses bridge-netfilter later (Docker does) switches it on: where it is loaded, frames count as filtered.
  const filtered = (await readSysctls(shell, ["net.bridge.bridge-nf-call-iptables"])).size > 0;
  const changes: Change[] = [];
  const left = faults.map((fault) => `A packet filter could not be read: ${fault}.`);
  for (const filter of filters) {
    const drops = dropsOf(filter, bridge, { filtered, way });
    const [drop] = drops;
    if (drop === undefined) continue;
    const rules = rulesFor(filter, bridge, drops);
    if (rules.length === 0)
      left.push(
        `${filter.holder} drops traffic of machines on ${bridge} (${drop.by}). An acceptance elsewhere does not count there: ` +
          (filter.holder === "nft inet firewalld"
            ? `firewall-cmd --zone=trusted --add-interface=${bridge}`
            : `let ${bridge} through in that table.`),
      );
    for (const rule of rules)
      // One of the two may be there, where a run was killed between them.
      if ((await shell.run(["sh", "-c", findRule(rule)])).code !== 0) changes.push(rule);
  }
  return { changes, left };
}

async function aclChanges(shell: HostShell, bridge: string): Promise<Needed> {
  const { list: file, helper } = await lookAtAcl(shell);
  if (helper.code !== 0) return { changes: [], left: [] };
  const before = file.code === 0 ? file.stdout : undefined;
  if (before === undefined && !/no such file/i.test(file.stderr))
    return { changes: [], left: [`${ACL_FILE} could not be read: ${file.stderr.trim()}`] };
  const verdict = aclFor(before ?? "", bridge);
  if (verdict === "denied")
    return { changes: [], left: [`${ACL_FILE} denies ${bridge}: somebody meant that, so it stays.`] };
  if (verdict === "allowed") return { changes: [], left: [] };
  const folder = (await shell.run(["test", "-d", "/etc/qemu"])).code === 0;
  const gap = before === undefined || before === "" || before.endsWith("\n") ? "" : "\n";
  const change: TextChange = {
    kind: "text",
    file: ACL_FILE,
    before,
    folder,
    added: `${gap}allow ${bridge}\n`,
  };
  return { changes: [change], left: [] };
}

async function ksmChanges(shell: HostShell): Promise<Change[]> {
  const answer = await shell.run(["cat", KSM_FILE]);
  const from = answer.stdout.trim();
  return answer.code !== 0 || from === "1"
    ? []
    : [{ kind: "value", file: KSM_FILE, from, to: "1", along: {} }];
}

/**
 * What has to change.
 * @param shell root's.
 * @throws UserError where there is no such bridge.
 */
export async function neededChanges(
  shell: HostShell,
  bridge: string,
  skip: ReadonlySet<Part>,
): Promise<Needed> {
  const found = await bridgeOn(shell, bridge);
  const none: Needed = { changes: [], left: [] };
  const links = skip.has("bridge") ? [] : found.links;
  const sysctls = skip.has("sysctls") ? [] : await sysctlChanges(shell, found);
  const firewall = skip.has("firewall") ? none : await firewallChanges(shell, bridge, found.way);
  const acl = skip.has("acl") ? none : await aclChanges(shell, bridge);
  const ksm = skip.has("ksm") ? [] : await ksmChanges(shell);
  return {
    changes: [...links, ...sysctls, ...firewall.changes, ...acl.changes, ...ksm],
    left: [...firewall.left, ...acl.left],
  };
}
