/** Whether the host's kernel keeps equal pages of its machines once (kernel samepage merging). */
import type { Check, Output, PlanFacts, Verdict } from "../types.ts";
import { noShell, ok, unproven } from "../words.ts";

/** 1: merging; 0: not; 2: not, and what was merged is taken apart (the kernel's admin-guide/mm/ksm). */
export const KSM_FILE = "/sys/kernel/mm/ksm/run";

/** From so many machines on it is worth a line. */
const MANY = 2;

/** @param answer of `cat` of KSM_FILE. */
export function judgeKsm(
  { nodes }: Pick<PlanFacts, "nodes">,
  answer: Output,
  asRoot: (command: string) => string,
): Verdict {
  const why = `${nodes.length} machines of one image share much of their memory: merged, they can take half of it, at the price of some processor time.`;
  if (answer.code !== 0) return { level: "note", found: "the host's kernel has no KSM", why };
  if (answer.stdout.trim() === "1") return ok("equal pages of machines are kept once", why);
  return nodes.length < MANY
    ? ok("off, and not needed for one machine", why)
    : {
        level: "note",
        found: "equal pages of machines are not merged",
        why,
        remedy: asRoot(`echo 1 | tee ${KSM_FILE}`),
        prepared: true,
      };
}

export const ksm: Check = {
  id: "ksm",
  about: "the kernel merges equal pages of the machines (KSM)",
  run: async (situation) => {
    const { shell, plan } = situation;
    if (shell === undefined) return [unproven("KSM", noShell(situation), "It saves memory.")];
    return [judgeKsm(plan, await shell.run(["cat", KSM_FILE]), shell.asRoot)];
  },
};
