/** What is seen to on a lab's host before a stack of it is refreshed: see commands/hosts/putBack.ts. */
import { domainIds, readDomain } from "../../host/objects.ts";
import { type Virsh, virshOn } from "../../host/virsh.ts";
import { run } from "../../lab/shared/process.ts";
import { type Asked, type KnownThings, knownThings, ownerOf, putBack, withFile } from "../hosts/putBack.ts";
import type { LabSession } from "./session.ts";
import { stateFiles } from "./state.ts";

const uriOf = (session: LabSession): string => session.env["LIBVIRT_DEFAULT_URI"] ?? "qemu:///system";

/** What the backend's own file of the stack says: that takes no time. Secrets in it are encrypted. */
export async function readState(session: LabSession): Promise<KnownThings> {
  const known = (await stateFiles(session)).map(knownThings);
  return {
    pools: known.flatMap(({ pools }) => pools),
    ignitions: known.flatMap(({ ignitions }) => ignitions),
  };
}

/** The state with its secrets. */
async function exportState(session: LabSession): Promise<KnownThings> {
  const { enter, env, stack, context } = session;
  const show = ["pulumi", "stack", "export", "--show-secrets", "--stack", stack, "--non-interactive"];
  const [file = "", ...args] = [...enter, ...show];
  const { stdout } = await run(file, args, { cwd: context.paths.checkout, env }); // not into the log
  return knownThings(stdout);
}

/**
 * Puts back what somebody took off the hosts of the session's stack.
 * @returns what that was, as people call it.
 * @throws VirshError where another pool has taken the name or the folder.
 */
export const restoreFiles = async (session: LabSession): Promise<string[]> =>
  await putBack(await readState(session), askedOf(session), () => exportState(session));

/** The hosts of a session's stack, as they are asked from where it runs. */
export const askedOf =
  (session: LabSession) =>
  (uri = uriOf(session)): Asked => ({ uri, virsh: virshOn(uri, session.enter) });

/**
 * UUIDs of machines among those that `virsh list` chooses which carry an owner's mark. A stack's name is no proof: another
 * checkout may have one of the same name.
 */
export async function ownMachines(
  virsh: Virsh,
  owners: readonly string[],
  choice: string,
): Promise<string[]> {
  const own: string[] = [];
  for (const [name, uuid] of await domainIds(virsh, ["--all", choice])) {
    const owner = (await readDomain(virsh, name))?.mark?.owner;
    if (owner !== undefined && owners.includes(owner)) own.push(uuid);
  }
  return own;
}

/**
 * Sees to the stack's machines that a refresh judges wrongly: those that somebody undefined while they run are defined again, since they
 * would be gone at their next stop; suspended ones go on, since the provider would start them, which libvirt refuses.
 */
export async function settleMachines(session: LabSession): Promise<void> {
  const { pools } = await readState(session);
  const owners = pools.map(ownerOf);
  const hosts = askedOf(session);
  for (const uri of new Set(pools.map((pool) => hosts(pool.uri).uri))) {
    const { virsh } = hosts(uri);
    for (const uuid of await ownMachines(virsh, owners, "--transient")) {
      const xml = await virsh("dumpxml", "--inactive", "--security-info", uuid);
      await withFile(xml, (file) => virsh("define", file));
    }
    for (const uuid of await ownMachines(virsh, owners, "--state-paused")) await virsh("resume", uuid);
  }
}
