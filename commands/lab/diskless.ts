/** Machines whose disks somebody deleted, before `pulumi up` of a stack: a refresh would not miss them while they run. */
import { clearDomain } from "../../host/leftovers.ts";
import { type Diskless, disklessIn } from "../hosts/putBack.ts";
import { majority } from "../../plan/members.ts";
import { UserError } from "../ui/errors.ts";
import { clusterView, type NodeView } from "./clusterView.ts";
import { askedOf, readState } from "./restore.ts";
import type { LabSession } from "./session.ts";

/**
 * Why these machines must stay; undefined where the others carry the cluster, or nobody carries it anyway. Pure.
 * @param gone names of machines whose disks are gone.
 */
export function majorityLost(
  nodes: readonly Pick<NodeView, "name" | "role" | "health">[],
  gone: readonly string[],
): string | undefined {
  const members = nodes.filter(({ role }) => role === "member");
  const well = members.filter(({ health }) => health === "healthy").map(({ name }) => name);
  const needed = majority(members.length);
  const lost = well.filter((name) => gone.includes(name));
  if (lost.length === 0 || well.length < needed || well.length - lost.length >= needed) return undefined;
  return (
    `${lost.join(", ")} ${lost.length === 1 ? "runs on a disk" : "run on disks"} that somebody deleted, and without ${lost.length === 1 ? "it" : "them"} no majority of ` +
    `the ${members.length} members would be left. Nothing was changed. While they run, save the data: npm run cluster -- snapshot save FILE; then make the ` +
    "cluster anew (npm stop, npm start), and bring them back: npm run cluster -- restore FILE"
  );
}

type OutputsOf = () => Promise<Parameters<typeof clusterView>[1]>;

/**
 * The stack's machines whose disk is gone.
 * @param outputs the stack's, as Pulumi tells them.
 * @throws UserError where members that still answer are a majority only with them
 */
export async function requireDisks(session: LabSession, outputs: OutputsOf): Promise<readonly Diskless[]> {
  const found = await disklessIn(await readState(session), askedOf(session));
  if (found.length === 0) return found;
  // Whoever can't be asked has no majority that could be lost.
  const nodes = await outputs()
    .then((known) => clusterView(session, known))
    .then(
      (view) => view.nodes,
      () => [],
    );
  const why = majorityLost(
    nodes,
    found.map(({ name }) => name),
  );
  if (why !== undefined) throw new UserError(why);
  return found;
}

/**
 * Removes the stack's machines whose disk is gone, for the refresh to miss them.
 * @throws UserError where that costs the majority
 */
export async function clearDiskless(
  session: LabSession,
  outputs: OutputsOf,
  onWarning: (text: string) => void,
): Promise<void> {
  const found = await requireDisks(session, outputs);
  if (found.length === 0) return;
  for (const { uri, virsh, owner, name } of found) await clearDomain({ uri, virsh, owner }, name);
  const one = found.length === 1;
  onWarning(
    `${found.map(({ name }) => name).join(", ")} had lost ${one ? "its disk" : "their disks"}, and ${one ? "was" : "were"} taken down: ` +
      "what ran on a deleted file would have been lost with its next stop.",
  );
}
