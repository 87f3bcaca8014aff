/** Rules that may drop: under conditions that a look from outside can't judge. Pure. */
import { applies, DEPTH, type Filter, type Flow, flowAt, isOn, type Rule } from "./ruleset.ts";

/** A rule that drops what its own condition meets, as its program writes it, and its chain. */
export interface Suspect {
  readonly rule: string;
  readonly chain: string;
}

/**
 * A rule that keeps all but one interface from one single address: so Docker guards its containers and what it publishes to the host
 * alone. About other machines it says nothing.
 */
const guards = ({ input, toOne = false }: Rule): boolean => toOne && input?.negated === true;

const isConditional = (rule: Rule, flow: Flow): boolean =>
  rule.condition === "other" && isOn(rule, flow) && !guards(rule);

/**
 * Collects what a packet may meet in a chain.
 * @param entered by which conditional rule the chain is entered, if by one: then all that drops there is that rule's.
 * @returns whether no packet of the flow comes back to where the chain was entered from.
 */
function collect(
  filter: Filter,
  name: string,
  flow: Flow,
  into: Suspect[],
  entered?: Suspect,
  depth = 0,
): boolean {
  const chain = filter.chains.get(name);
  if (chain === undefined || depth > DEPTH) return false;
  for (const rule of chain.rules) {
    const { verdict } = rule;
    const certain = applies(rule, flow);
    if (!certain && !isConditional(rule, flow)) continue;
    const own = certain ? entered : { rule: rule.text, chain: name };
    if (verdict.kind === "drop" && own !== undefined) into.push(own);
    if (verdict.kind === "jump") {
      const ends = collect(filter, verdict.chain, flow, into, own, depth + 1);
      if (certain && (ends || !verdict.returns)) return ends;
    } else if (certain && verdict.kind !== "none") return verdict.kind !== "return";
  }
  return false;
}

/** The rules that may drop packets of these flows, each once. */
export function suspectsOf(filter: Filter, flows: readonly Flow[]): Suspect[] {
  const found: Suspect[] = [];
  for (const flow of flows)
    for (const hook of filter.hooks) collect(filter, hook.chain, flowAt(hook, flow), found);
  return [...new Map(found.map((suspect) => [suspect.rule, suspect])).values()];
}
