/** Whether the names of the plan's machines and pool are free on the host, or this stack's already. */
import { stackOf } from "../../../host/clusters.ts";
import { type Mark, ownerUuid } from "../../../host/mark.ts";
import { readDomain, readPool, type HostDomain, type HostPool } from "../../../host/objects.ts";
import { lines } from "../../../host/virsh.ts";
import { visible } from "../../../host/visible.ts";
import type { Check, PlanFacts, Verdict } from "../types.ts";
import { ok } from "../words.ts";

const PROJECT = "coreos-cluster";

/** Whether a mark is of a stack of this name. Its owner is known to the stack's state only, which is not opened here. */
const namesUs = (mark: Mark | undefined, stack: string): boolean =>
  mark?.stack === stack && mark.project === PROJECT;

/** A prefix like the one that is there, which nobody's machine or pool begins with. */
export function freePrefix(prefix: string, taken: readonly string[]): string {
  const stem = prefix.replace(/-core$/, "");
  const rest = prefix.slice(stem.length);
  for (let number = 2; ; number++) {
    const candidate = `${stem}-${number}${rest}`;
    if (!taken.some((name) => name.startsWith(candidate))) return candidate;
  }
}

/**
 * @param domains those of the plan's names that exist.
 * @param pool the one of the plan's name, where it exists.
 * @param taken names of all machines and pools of the host.
 */
export function judgeNames(
  { stack, nodes, pool: { name: poolName } }: Pick<PlanFacts, "stack" | "nodes" | "pool">,
  domains: readonly HostDomain[],
  pool: HostPool | undefined,
  taken: readonly string[],
  typed: (command: string) => string,
): Verdict[] {
  const why = "What is somebody else's is never touched: `up` stops before anything is made.";
  // Machines with names of their own are called what the config calls them: nobody else can choose.
  const named = nodes.some(({ name }) => name !== undefined && !name.startsWith(poolName ?? ""));
  const remedy =
    poolName === undefined || named
      ? {}
      : { remedy: typed(`pulumi config set prefix ${freePrefix(poolName, taken)}`) };
  const strange = domains.filter(({ mark }) => !namesUs(mark, stack));
  const owner = ({ mark }: HostDomain): string =>
    mark === undefined ? "carries no mark of a cluster" : `belongs to ${stackOf(mark)}`;
  const verdicts: Verdict[] = strange.map((domain) => ({
    level: "problem",
    found: `there is a machine ${domain.name} already, and it ${owner(domain)}`,
    why,
    ...remedy,
  }));
  const owners = new Set(
    domains.flatMap(({ mark }) =>
      mark !== undefined && namesUs(mark, stack) ? [ownerUuid(mark.owner)] : [],
    ),
  );
  if (pool !== undefined && !owners.has(pool.uuid))
    verdicts.push({
      level: owners.size > 0 ? "problem" : "warning",
      found: `there is a storage pool ${pool.name} already (in ${visible(pool.path)}), and no machine of stack ${stack} says that it is its own`,
      why,
      ...remedy,
    });
  if (verdicts.length > 0) return verdicts;
  const free = nodes.length - domains.length;
  return [
    ok(
      domains.length === 0
        ? `${free} names of machines${poolName === undefined ? "" : " and the pool's"} are free`
        : `${domains.length} machines are a stack ${stack}'s already${free === 0 ? "" : `, ${free} names are free`}`,
      why,
    ),
  ];
}

export const names: Check = {
  id: "names",
  about: "the names of the plan's machines and of its pool are free, or carry this stack's mark",
  // `up` asks it itself, by the owner that its state knows (commands/host.ts).
  quick: { run: () => Promise.resolve([]) },
  connected: true,
  run: async ({ virsh, plan, typed }) => {
    const all = lines(await virsh("list", "--all", "--name"));
    const pools = lines(await virsh("pool-list", "--all", "--name"));
    const there = new Set(all);
    const wanted = plan.nodes.flatMap(({ name }) => (name !== undefined && there.has(name) ? [name] : []));
    const domains: HostDomain[] = [];
    for (const name of wanted) {
      const domain = await readDomain(virsh, name);
      if (domain !== undefined) domains.push(domain);
    }
    const pool = plan.pool.name === undefined ? undefined : await readPool(virsh, plan.pool.name);
    return judgeNames(plan, domains, pool, [...all, ...pools], typed);
  },
};
