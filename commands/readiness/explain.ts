/** What the user is told when the cluster does not come up: who, why in its own words, and what to do. */
import { shellWord } from "../../host/shell.ts";
import { beside, typed } from "../../plan/typed.ts";
import { redactUrl } from "../../plan/urls.ts";
import type { Consoles, StuckIn } from "./console.ts";
import type { NodeProgress } from "./progress.ts";
import type { Registrations } from "./registry.ts";
import { type ReadinessSettings, uriOf } from "./settings.ts";
import { stackOption } from "./verbWords.ts";

/** Lines of a console that are shown. */
const SHOWN = 12;

/** How to get at a node's console, and where what it has shown is kept. */
const consoleOf = (name: string, settings: ReadinessSettings, consoles: Consoles) => {
  const console = beside(settings.commandPrefix, "console");
  return console === undefined
    ? {
        attach: `virsh --connect ${shellWord(uriOf(settings, name))} console ${name}`,
        log: consoles.path(name),
      }
    : { attach: `${console} ${name}`, log: `${console} --log ${name}` };
};

/** What a node says, without the token by which its cluster comes together: others could join with it. */
export function withoutToken(
  text: string,
  { discoveryUrl }: Pick<ReadinessSettings, "discoveryUrl">,
): string {
  const token = discoveryUrl.split("/").at(-1) ?? "";
  return token.length < 8 ? text : text.replaceAll(token, "…");
}

async function lastWords(name: string, settings: ReadinessSettings, consoles: Consoles): Promise<string[]> {
  const { attach, log } = consoleOf(name, settings, consoles);
  const console = await consoles.tail(name);
  if (console === undefined) return [`  Its console can't be read from here: ${attach}`];
  if (console.length === 0) return [`  Its console is empty (${log})`];
  return [
    `  The end of its console (${log}):`,
    ...console.slice(-SHOWN).map((line) => `    | ${withoutToken(line, settings)}`),
  ];
}

/** How to look at a machine: what stands first always works, a login only where the machine has an address and begun to run its system. */
function waysToLook(
  { name, host: known }: NodeProgress,
  settings: ReadinessSettings,
  consoles: Consoles,
  stuckIn: StuckIn | undefined,
): string[] {
  const host = stuckIn === undefined ? known : undefined;
  const { commandPrefix } = settings;
  const { attach } = consoleOf(name, settings, consoles);
  const [logs, ssh] = [beside(commandPrefix, "logs"), beside(commandPrefix, "ssh")];
  if (logs === undefined || ssh === undefined)
    return [attach, ...(host === undefined ? [] : [`ssh core@${host} sudo journalctl --boot`])];
  const stack = stackOption(commandPrefix);
  const inside = [`${ssh}${stack} ${name}`, `${logs}${stack} --journal ${name}`];
  return [attach, `${logs}${stack} ${name}`, ...(host === undefined ? [] : inside)];
}

/** What mends it. Ignition runs once: a machine on which it has failed does not get over that, one that tries to fetch something may. */
function remedy(stuckIn: StuckIn | undefined, { commandPrefix }: ReadinessSettings): string[] {
  const up = `\`${typed("pulumi up", commandPrefix)}\``;
  const removes = `\`${typed("pulumi destroy", commandPrefix)}\` removes all.`;
  if (stuckIn === "ignition") return [`Once the config is mended, ${up} makes the machines anew; ${removes}`];
  if (stuckIn === "fetching")
    return [
      `Ignition goes on trying: once it gets an answer, ${up} goes on. With a config that names what is there, ${up} makes the machines`,
      `anew; ${removes}`,
    ];
  return [`Once the cause is mended, ${up} goes on; ${removes}`];
}

const wayOn = (
  node: NodeProgress | undefined,
  settings: ReadinessSettings,
  consoles: Consoles,
  stuckIn?: StuckIn,
): string[] => [
  stuckIn === undefined
    ? "The machines are left as they are, to be looked at:"
    : "The machines are left as they are, to be looked at; this one has not come far enough to let anybody log in:",
  ...(node === undefined ? [] : waysToLook(node, settings, consoles, stuckIn).map((line) => `  ${line}`)),
  ...remedy(stuckIn, settings),
];

/** @param stuckIn where the machine stands, if its system does not run. */
export async function explainFailure(
  node: NodeProgress,
  reason: string,
  settings: ReadinessSettings,
  consoles: Consoles,
  stuckIn?: StuckIn,
): Promise<string> {
  return [
    `${node.name} can't become healthy: ${withoutToken(reason, settings)}`,
    ...(await lastWords(node.name, settings, consoles)),
    ...wayOn(node, settings, consoles, stuckIn),
  ].join("\n");
}

/** What to do about a token that others use: where the program makes tokens itself, a new one is made with the machines. */
function anotherToken({ mode, commandPrefix }: ReadinessSettings): string[] {
  const command = (text: string): string => typed(text, commandPrefix);
  const again = `then run \`${command("pulumi up")}\` again.`;
  if (mode === "v3")
    return [
      `A token serves one cluster once. Take another one (${command("pulumi config set --path discovery.token TOKEN")}), or let`,
      `the program make one (${command("pulumi config rm --path discovery.token")}); ${again}`,
    ];
  return [
    `A discovery URL serves one cluster once. Take another one (${command("pulumi config set --path discovery.url URL")}), or let the`,
    `program obtain one (${command("pulumi config set --path discovery.mode etcd")} or service); ${again}`,
  ];
}

export const explainStrangers = (strangers: readonly string[], settings: ReadinessSettings): string =>
  [
    `The discovery URL ${redactUrl(settings.discoveryUrl)} is already used by others: ${strangers.join(", ")}.`,
    ...anotherToken(settings),
  ].join("\n");

/** What a member that got that far is probably waiting for, where members register. */
const REGISTERING: Readonly<Record<NodeProgress["stage"], string>> = {
  booting:
    "it has not registered; does the bridge's DHCP server give it an address, and can it reach the registry?",
  addressed: "it has an address but has not registered; can it reach the registry, and is etcd running?",
  registered:
    "it has registered, but its etcd is not healthy; it waits until a majority of the members is there",
  healthy: "",
};

/** The same where members know each other from the start. */
const STATIC: Readonly<Record<NodeProgress["stage"], string>> = {
  booting:
    "nobody knows its address; does the bridge's DHCP server give it one? Without a guest agent its name must resolve " +
    "here, or its address be given",
  addressed:
    "its etcd is not healthy; does it run, do the members' names resolve on the nodes, are given addresses those that " +
    "the DHCP server gives?",
  registered: "",
  healthy: "",
};

/** The same for machines that are no members. */
const CLIENT: Readonly<Record<NodeProgress["stage"], string>> = {
  booting: "nobody knows its address; does the bridge's DHCP server give it one?",
  addressed: "it has an address, but neither its guest agent nor its ssh server answers",
  registered: "",
  healthy: "",
};

function hint(node: NodeProgress, { mode }: ReadinessSettings): string {
  if (node.role === "client") return CLIENT[node.stage];
  return (mode === "static" ? STATIC : REGISTERING)[node.stage];
}

export async function explainTimeout(
  nodes: readonly NodeProgress[],
  settings: ReadinessSettings,
  registrations: Registrations,
  trouble: string | undefined,
  consoles: Consoles,
): Promise<string> {
  const late = nodes.filter(({ stage }) => stage !== "healthy");
  const about = await Promise.all(
    nodes.map(async (node) => {
      const kind = node.role === "client" ? "ssh" : "etcd";
      const answer = node.complaint === undefined ? "" : ` (${kind}: ${node.complaint})`;
      if (node.stage === "healthy") return [`- ${node.name}: ${node.words()}${answer}`];
      return [
        `- ${node.name}: ${node.words()}${answer}; ${hint(node, settings)}`,
        ...(await lastWords(node.name, settings, consoles)),
      ];
    }),
  );
  const registering = late.some(({ role }) => role === "member");
  return [
    `The cluster is not healthy after ${settings.timeout} s.`,
    ...about.flat(),
    ...("problem" in registrations && registering
      ? [`The discovery registry does not answer: ${registrations.problem}`]
      : []),
    ...(late.length === 0 && trouble !== undefined
      ? [`The members are not one cluster yet: ${trouble}`]
      : []),
    ...wayOn(late[0] ?? nodes[0], settings, consoles),
    `If the machines only need more time: ${typed("pulumi config set readinessTimeout SECONDS", settings.commandPrefix)}`,
  ].join("\n");
}
