/** What the user is told when the cluster does not come up: who, why in its own words, and what to do. */
import type { Consoles } from "./console.ts";
import type { NodeProgress } from "./progress.ts";
import type { Registrations } from "./registry.ts";
import type { ReadinessSettings } from "./settings.ts";

/** Lines of a console that are shown. */
const SHOWN = 12;

async function lastWords(name: string, uri: string, consoles: Consoles): Promise<string[]> {
  const console = await consoles.tail(name);
  if (console === undefined)
    return [`  Its console can't be read from here: virsh --connect ${uri} console ${name}`];
  if (console.length === 0) return [`  Its console is empty (${consoles.path(name)})`];
  return [
    `  The end of its console (${consoles.path(name)}):`,
    ...console.slice(-SHOWN).map((line) => `    | ${line}`),
  ];
}

const wayOn = (name: string, uri: string): string[] => [
  "The machines are left as they are, to be looked at:",
  `  virsh --connect ${uri} console ${name}`,
  "Once the cause is mended, `pulumi up` goes on; `pulumi destroy` removes all.",
];

export async function explainFailure(
  node: NodeProgress,
  reason: string,
  { uri }: ReadinessSettings,
  consoles: Consoles,
): Promise<string> {
  return [
    `${node.name} can't become healthy: ${reason}`,
    ...(await lastWords(node.name, uri, consoles)),
    ...wayOn(node.name, uri),
  ].join("\n");
}

export const explainStrangers = (strangers: readonly string[], { discoveryUrl }: ReadinessSettings): string =>
  [
    `The discovery URL ${discoveryUrl} is already used by others: ${strangers.join(", ")}.`,
    "A discovery URL serves one cluster once. Take another one (pulumi config set --path discovery.url URL), or let the",
    "program obtain one (pulumi config set --path discovery.mode etcd or service); then run `pulumi up` again.",
  ].join("\n");

/** What a node that got that far is probably waiting for. */
const HINTS: Readonly<Record<NodeProgress["stage"], string>> = {
  booting:
    "it has not registered; does the bridge's DHCP server give it an address, and can it reach the registry?",
  addressed: "it has an address but has not registered; can it reach the registry, and is etcd running?",
  registered:
    "it has registered, but its etcd is not healthy; it waits until a majority of the members is there",
  healthy: "",
};

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
      const hint = HINTS[node.stage];
      const etcd = node.complaint === undefined ? "" : ` (etcd: ${node.complaint})`;
      const line = `- ${node.name}: ${node.words()}${etcd}${hint === "" ? "" : `; ${hint}`}`;
      return node.stage === "healthy"
        ? [line]
        : [line, ...(await lastWords(node.name, settings.uri, consoles))];
    }),
  );
  return [
    `The cluster is not healthy after ${settings.timeout} s.`,
    ...about.flat(),
    ...("problem" in registrations
      ? [`The discovery registry does not answer: ${registrations.problem}`]
      : []),
    ...(late.length === 0 && trouble !== undefined
      ? [`The members are not one cluster yet: ${trouble}`]
      : []),
    ...wayOn((late[0] ?? nodes[0])?.name ?? "", settings.uri),
    "If the machines only need more time: pulumi config set readinessTimeout SECONDS",
  ].join("\n");
}
