/** Whether a restore was ended in the middle on a cluster's members, asked by programs that run within `pulumi up`. */
import { virshOn } from "../../host/virsh.ts";
import { proxyTo } from "../../host/remote.ts";
import { labKeyIn, labSshWords, type LoginTo, ownSshWords, SILENTLY } from "../hosts/login.ts";
import { ProgramError, say } from "../program.ts";
import type { Machines } from "../readiness/machines.ts";
import type { Reach } from "../readiness/reach.ts";
import { type NodeSettings, type ReadinessSettings, uriOf } from "../readiness/settings.ts";
import { verbWords } from "../readiness/verbWords.ts";
import { RestoreNode } from "../restore/node.ts";
import { barrier, type Look, looksAt } from "../restore/unfinished.ts";

/** Set by verbs that have looked just before: a login takes an emulated node seconds. */
const LOOKED = "CLUSTER_RESTORES_LOOKED_AT";

/** For the environment of an update that such a verb runs. */
export const lookedAt: Readonly<Record<string, string>> = { [LOOKED]: "1" };

/** As `npm run cluster -- ssh` logs in; behind a host that ssh gets to, through that. Pure. */
export function sshTo(
  node: LoginTo,
  uri: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string[] {
  const key = labKeyIn(env);
  if (key !== undefined) return labSshWords(key, node);
  return ownSshWords({ ...node, ...proxyTo(uri) }, SILENTLY);
}

/**
 * What an earlier restore has left on those of these nodes that can be logged in to. Those that don't run are not tried.
 * @param known where nodes were found before, by name.
 * @param idOf libvirt's UUID of a domain.
 */
export async function restoresOn(
  settings: Pick<ReadinessSettings, "nodes" | "uri">,
  nodes: readonly NodeSettings[],
  { machines, reach }: { readonly machines: Machines; readonly reach: Reach },
  known: ReadonlyMap<string, string> = new Map(),
  idOf: (uri: string, name: string) => Promise<string> = (uri, name) => virshOn(uri)("domuuid", name),
): Promise<readonly Look[]> {
  if (process.env[LOOKED] === lookedAt[LOOKED]) return [];
  const running = await machines.running();
  const whereIs = async ({ name, mac, address }: NodeSettings): Promise<string | undefined> =>
    (await machines.locate(name, mac))?.address ?? address ?? known.get(name) ?? (await reach.resolve(name));
  return await looksAt(
    nodes.map((node) => ({
      name: node.name,
      facts: async (limit) => {
        if (running(node.name) === false) throw new Error("is off, or not there");
        const uri = uriOf(settings, node.name);
        const [domainId, address] = await Promise.all([idOf(uri, node.name), whereIs(node)] as const);
        if (address === undefined) throw new Error("nobody knows its address");
        const login = sshTo({ address, domainId: domainId.trim() }, uri);
        return await new RestoreNode(node.name, (words) => [...login, ...words]).facts(limit);
      },
    })),
  );
}

/**
 * Members neither come nor go while some have data of a restore and others may get theirs back.
 * @param what is not done now, such as `b can't join`.
 * @param names those that are to go, or to be made anew; see {@link barrier}.
 * @throws ProgramError where a restore was ended in the middle
 */
export function refuseWhileRestoring(
  looks: readonly Look[],
  what: string,
  names: readonly string[],
  { commandPrefix }: Pick<ReadinessSettings, "commandPrefix">,
): void {
  const found = barrier(looks, names);
  if (found === undefined) return;
  const { waitsFor } = found;
  const finish = verbWords(commandPrefix, "restore", "FILE");
  if (waitsFor === undefined)
    throw new ProgramError(
      `${what}: a restore of this cluster was ended in the middle. Finish it (${finish}) or take it back ` +
        `(${verbWords(commandPrefix, "restore", "--undo")}) first. Nothing was changed.`,
    );
  say(
    `A restore of this cluster was ended in the middle, and nobody can log in to ${waitsFor}: once that is done, finish it (${finish}).`,
  );
}
