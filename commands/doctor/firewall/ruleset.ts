/** Packet filters as far as what goes through a host is concerned, in one form, whichever program wrote them. Pure. */

/** What a rule asks of a packet beyond its interfaces. */
export type Condition =
  /** Nothing. */
  | "none"
  /** That it belongs to a connection that is known already. */
  | "established"
  /** That it goes from port to port of a bridge, known as such only where its way is chosen already. */
  | "bridged"
  /** That it does not. */
  | "routed"
  /** Something that no flow here has: a state that is neither new nor known, the other family, a named port of another machine. */
  | "never"
  /** Something that a look from outside can't tell: addresses, ports, marks. */
  | "other";

export interface Rule {
  /** As its program writes it. */
  readonly text: string;
  /** Interfaces that match, in or out; undefined: any. A name that ends in + stands for all that begin so. */
  readonly input?: Match;
  readonly output?: Match;
  readonly condition: Condition;
  /** Whether the condition holds for one single address alone. */
  readonly toOne?: boolean;
  readonly verdict: Verdict;
}

export interface Match {
  readonly names: readonly string[];
  readonly negated: boolean;
}

export type Verdict =
  | { readonly kind: "accept" | "drop" | "return" | "none" }
  /** `returns`: the packet comes back when the chain decides nothing. */
  | { readonly kind: "jump"; readonly chain: string; readonly returns: boolean };

export interface Chain {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** Where the kernel asks about a packet on its way through the host. Before it is routed nobody knows where it goes out. */
export const POINTS = ["prerouting", "forward", "postrouting"] as const;
export type Point = (typeof POINTS)[number];

/** A chain that what goes through the host enters. */
export interface Hook {
  readonly chain: string;
  readonly point: Point;
  readonly policy: "accept" | "drop";
}

/** One table whose chains the kernel asks about what goes through the host. */
export interface Filter {
  /** What holds it, as its rules are changed: `iptables`, `ip6tables -t mangle`, `ebtables`, `nft inet firewalld`. */
  readonly holder: string;
  /** `frames`: sees what goes from port to port of a bridge, and nothing that is routed; interfaces are bridges then. */
  readonly layer: "packets" | "frames";
  readonly family: "ipv4" | "ipv6" | "both";
  readonly hooks: readonly Hook[];
  readonly chains: ReadonlyMap<string, Chain>;
}

/** A table while it is read. */
export interface Table {
  readonly hooks: Hook[];
  readonly chains: Map<string, Chain & { readonly rules: Rule[] }>;
}

/** A packet that is forwarded: where it comes from and goes to. Undefined: an interface that no rule names. */
export interface Flow {
  readonly input: string | undefined;
  readonly output: string | undefined;
  readonly established: boolean;
  /** Whether it goes from port to port of a bridge. */
  readonly bridged: boolean;
}

export interface Fate {
  readonly verdict: "accept" | "drop";
  /** The rule or policy that decides, as its program writes it. */
  readonly by: string;
}

const matches = (match: Match | undefined, name: string | undefined): boolean => {
  if (match === undefined) return true;
  const named =
    name !== undefined &&
    match.names.some((one) => (one.endsWith("+") ? name.startsWith(one.slice(0, -1)) : one === name));
  return named !== match.negated;
};

/** Whether a rule's interfaces are those of a packet. */
export const isOn = (rule: Rule, flow: Flow): boolean =>
  matches(rule.input, flow.input) && matches(rule.output, flow.output);

const HOLDS: Readonly<Record<Condition, (flow: Flow) => boolean>> = {
  none: () => true,
  established: ({ established }) => established,
  bridged: ({ bridged }) => bridged,
  routed: ({ bridged }) => !bridged,
  never: () => false,
  other: () => false,
};

/** Whether a rule is certain to match. */
export const applies = (rule: Rule, flow: Flow): boolean => isOn(rule, flow) && HOLDS[rule.condition](flow);

/** A packet as it is seen at a hook: the kernel calls none bridged before it has chosen the port where it goes out. */
export const flowAt = ({ point }: Hook, flow: Flow): Flow => ({
  ...flow,
  bridged: flow.bridged && point !== "prerouting",
});

/** Chains deeper than this are a loop. */
export const DEPTH = 32;

/** Undefined: the packet comes to the chain's end. */
function walk(filter: Filter, name: string, flow: Flow, depth = 0): Fate | undefined {
  const chain = filter.chains.get(name);
  if (chain === undefined || depth > DEPTH) return undefined;
  for (const rule of chain.rules) {
    if (!applies(rule, flow)) continue;
    const { verdict } = rule;
    if (verdict.kind === "accept" || verdict.kind === "drop") return { verdict: verdict.kind, by: rule.text };
    if (verdict.kind === "return") return undefined;
    if (verdict.kind !== "jump") continue;
    const fate = walk(filter, verdict.chain, flow, depth + 1);
    if (fate !== undefined || !verdict.returns) return fate;
  }
  return undefined;
}

/**
 * What becomes of a packet at each hook: an acceptance at one leaves the next one free to drop. Rules with conditions that can't be judged from outside are taken for not matching: so a
 * drop that is told is one that is met by all but what such rules let through, and drops of their own are told apart (suspects.ts).
 */
export const fatesOf = (filter: Filter, flow: Flow): (Fate & { readonly hook: Hook })[] =>
  filter.hooks.map((hook) => ({
    ...(walk(filter, hook.chain, flowAt(hook, flow)) ?? {
      verdict: hook.policy,
      by: `${hook.chain}: policy ${hook.policy}`,
    }),
    hook,
  }));
