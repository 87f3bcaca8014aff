/** What host-prepare changes on a host: each change with its command, and with what was there before. Pure. */
import { quote } from "../../plan/remedies.ts";
import { RULE_COMMENT } from "../doctor/checks/forward.ts";

/** The parts of a host that are prepared; each can be left out. */
export const PARTS = ["bridge", "sysctls", "firewall", "acl", "ksm"] as const;
export type Part = (typeof PARTS)[number];

/** A value of the kernel in a file of /proc/sys or /sys. */
export interface ValueChange {
  readonly kind: "value";
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Other values, by file, that the kernel changes along with it. */
  readonly along: Readonly<Record<string, string>>;
}

/** A bridge or a port of one that is taken up, or a bridge's forward delay (hundredths of a second). */
export interface LinkChange {
  readonly kind: "link";
  readonly device: string;
  readonly setting: "state" | "forward_delay";
  readonly from: string;
  readonly to: string;
  /** IPv6 addresses with their prefixes, which the kernel drops from a device that is taken down. */
  readonly addresses: readonly string[];
}

/** A rule at the top of a packet filter's chain. */
export interface RuleChange {
  readonly kind: "rule";
  /** `iptables`, `ip6tables`, or one of their legacy kin; with `-t TABLE` where it is not the filter table. */
  readonly tool: string;
  /** FORWARD where a record names none. */
  readonly chain?: string;
  readonly bridge: string;
  readonly side: "-i" | "-o";
}

/** A text at the end of a file. */
export interface TextChange {
  readonly kind: "text";
  readonly file: string;
  /** What the file held; undefined where there was none. */
  readonly before: string | undefined;
  /** Whether its folder was there. */
  readonly folder: boolean;
  readonly added: string;
}

export type Change = LinkChange | ValueChange | RuleChange | TextChange;

const chainOf = ({ chain = "FORWARD" }: RuleChange): string => chain;

/** What tells two changes apart: one of each can be in a record. */
export function identity(change: Change): string {
  switch (change.kind) {
    case "link":
      return `link ${change.device} ${change.setting}`;
    case "rule":
      return `rule ${change.tool} ${chainOf(change)} ${change.side} ${change.bridge}`;
    case "text":
      return `text ${change.file} ${change.added.trim()}`;
    case "value":
      return `value ${change.file}`;
  }
}

/** Whether a change is gone when its machine boots again. */
export const isVolatile = ({ kind }: Change): boolean => kind !== "text";

/** A rule as iptables takes it behind its verb (-C, -I, -D). */
export const ruleWords = (change: RuleChange): string =>
  `${chainOf(change)} ${change.side} ${quote(change.bridge)} -m comment --comment ${quote(RULE_COMMENT)} -j ACCEPT`;

export const folderOf = (file: string): string => file.slice(0, file.lastIndexOf("/"));

/** A text for printf's first argument, which a shell takes as one word. */
const forPrintf = (text: string): string =>
  `'${text.replaceAll("\\", "\\\\").replaceAll("%", "%%").replaceAll("\n", "\\n").replaceAll("'", "'\\''")}'`;

/** Writes a value of the kernel. */
const setting = (file: string, value: string): string => `echo ${quote(value)} >${quote(file)}`;

/** Sets a device up or down, or a bridge's delay. */
const linking = ({ device, setting }: LinkChange, value: string): string =>
  setting === "state"
    ? `ip link set dev ${quote(device)} ${value}`
    : `ip link set dev ${quote(device)} type bridge ${setting} ${value}`;

/** The shell command that makes a change, as it is printed and as it is run. */
export function commandOf(change: Change): string {
  switch (change.kind) {
    case "link":
      return linking(change, change.to);
    case "value":
      return setting(change.file, change.to);
    case "rule":
      return `${change.tool} -I ${ruleWords(change)}`;
    case "text": {
      const make = change.folder ? "" : `mkdir -p ${quote(folderOf(change.file))} && `;
      return `${make}printf ${forPrintf(change.added)} >>${quote(change.file)}`;
    }
  }
}

/** What there is to do with a change that is to be taken back, by what is there now. */
export type Undoing =
  | { readonly commands: readonly string[] }
  /** Somebody else has changed it since: it is left alone. */
  | { readonly left: string };

/** @param now the value that is there; undefined where the kernel has none by now. */
export function undoValue({ file, from, to }: ValueChange, now: string | undefined): Undoing {
  if (now === to) return { commands: [setting(file, from)] };
  if (now === undefined || now === from) return { commands: [] };
  return { left: `${file} is ${now} by now, which is neither ours nor what was there before` };
}

/** @param now the setting's value; undefined where the device is gone. */
export function undoLink(change: LinkChange, now: string | undefined): Undoing {
  const { device, setting, from, to, addresses } = change;
  if (now === undefined || now === from) return { commands: [] };
  if (now !== to)
    return {
      left: `${device}'s ${setting} is ${now} by now, which is neither ours nor what was there before`,
    };
  return {
    commands: [
      linking(change, from),
      ...(setting === "state"
        ? addresses.map((address) => `ip -6 address replace ${quote(address)} dev ${quote(device)}`)
        : []),
    ],
  };
}

/** What has to be set again beside a value that was taken back. @param now values by file, after that. */
export const undoAlong = ({ along }: ValueChange, now: ReadonlyMap<string, string>): string[] =>
  Object.entries(along)
    .filter(([file, value]) => now.has(file) && now.get(file) !== value)
    .map(([file, value]) => setting(file, value));

/** @param now the file's text; undefined where it is gone. */
export function undoText(change: TextChange, now: string | undefined): Undoing {
  const { file, before, added } = change;
  const removal = [
    `rm ${quote(file)}`,
    ...(change.folder ? [] : [`rmdir --ignore-fail-on-non-empty ${quote(folderOf(file))}`]),
  ];
  if (now === undefined)
    return {
      commands: change.folder
        ? []
        : [`rmdir --ignore-fail-on-non-empty ${quote(folderOf(file))} 2>/dev/null || true`],
    };
  const old = before ?? "";
  // All of it, or what a run that was killed had written.
  if (now.startsWith(old) && added.startsWith(now.slice(old.length)))
    return {
      commands: before === undefined ? removal : [`truncate -s ${Buffer.byteLength(old)} ${quote(file)}`],
    };
  const line = added.trim();
  const lines = now.split("\n");
  if (!lines.includes(line))
    return { left: `${file} was changed by somebody else, and our line is not in it any more` };
  const rest = lines.filter((one) => one !== line).join("\n");
  return { commands: [`printf ${forPrintf(rest)} >${quote(file)}`] };
}

/** What undoes a rule; only when it is there. */
export const undoRule = (change: RuleChange): readonly string[] => [`${change.tool} -D ${ruleWords(change)}`];
export const findRule = (change: RuleChange): string => `${change.tool} -C ${ruleWords(change)}`;
