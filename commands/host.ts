/**
 * What the program asks of the libvirt host around the provider; run by Command resources:
 *   check    before anything is made: virsh is there, the host answers, no name is taken; prints who may read the pool
 *   keep     prints what was printed before
 *   sweep    when the cluster is deleted: removes all on the host that carries the owner's mark; prints what it was
 */
import {
  checkDomainNames,
  checkPoolName,
  clearOwnDomains,
  clearOwnPool,
  type Host,
  qemuUser,
} from "../host/leftovers.ts";
import { virshOn } from "../host/virsh.ts";
import { keep, required, runProgram, words } from "./program.ts";

const hostOf = (env: NodeJS.ProcessEnv): Host => {
  const uri = required(env, "LIBVIRT_URI");
  return { uri, virsh: virshOn(uri), owner: required(env, "OWNER") };
};

/** The pool's folder is closed to all but QEMU's user: Ignition files hold what others needn't read. */
async function check(env: NodeJS.ProcessEnv): Promise<string> {
  const host = hostOf(env);
  await checkDomainNames(host, words(required(env, "DOMAINS")));
  await checkPoolName(host, required(env, "POOL"));
  // Without privileges QEMU runs as the connection's own user, whom the folder belongs to anyway.
  return JSON.stringify({ mode: "0700", ...((await qemuUser(host.virsh)) ?? { uid: -1, gid: -1 }) });
}

async function sweep(env: NodeJS.ProcessEnv): Promise<string> {
  const host = hostOf(env);
  const domains = await clearOwnDomains(host);
  return JSON.stringify({ domains, pool: await clearOwnPool(host) });
}

await runProgram({ check, keep, sweep });
