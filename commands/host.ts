/**
 * What the program asks of the libvirt host around the provider; run by Command resources:
 *   check    before anything is made: the doctor's short version, the emulator, no name is taken; all that is wrong is told
 *            together; prints who may read the pool
 *   check-volume  the base volume that the config names is there and no larger than the disks over it; prints its path
 *   grown    before machines are added to those that are there: room for them; prints the warnings
 *   keep     prints what was printed before
 *   sweep    when the cluster is deleted: removes all on the host that carries the owner's mark; prints what it was
 */
import { requireAgreement } from "../host/agreement.ts";
import { checkBaseVolume } from "../host/baseVolume.ts";
import { checkEmulator } from "../host/emulators.ts";
import {
  checkDomainNames,
  checkPoolName,
  clearOwnDomains,
  clearOwnPool,
  type Host,
  qemuUser,
} from "../host/leftovers.ts";
import { lines, virshOn } from "../host/virsh.ts";
import { checkBeforeGrowth, checkBeforeUp, factsFrom } from "./doctor/beforeUp.ts";
import { keep, required, requiredNumber, runProgram, say, words } from "./program.ts";

const hostOf = (env: NodeJS.ProcessEnv): Host => {
  const uri = required(env, "LIBVIRT_URI");
  return { uri, virsh: virshOn(uri), owner: required(env, "OWNER") };
};

/** The pool's folder is closed to all but QEMU's user: Ignition files hold what others needn't read. */
async function check(env: NodeJS.ProcessEnv): Promise<string> {
  const host = hostOf(env);
  const [arch, type] = [required(env, "ARCH"), required(env, "DOMAIN_TYPE")];
  const [domains, pool] = [words(required(env, "DOMAINS")), required(env, "POOL")];
  const questions = [
    async () => {
      await Promise.resolve();
      requireAgreement(host.uri);
    },
    () => checkEmulator(host.virsh, host.uri, arch, type),
    () => checkDomainNames(host, domains),
    () => checkPoolName(host, pool),
  ];
  await checkBeforeUp(host.uri, factsFrom(env["FACTS"]), questions, say, env);
  // Without privileges QEMU runs as the connection's own user, whom the folder belongs to anyway.
  return JSON.stringify({ mode: "0700", ...((await qemuUser(host.virsh)) ?? { uid: -1, gid: -1 }) });
}

/** The names of what comes are looked at by who makes it (host/leftovers.ts). */
async function grown(env: NodeJS.ProcessEnv): Promise<string> {
  const uri = required(env, "LIBVIRT_URI");
  const warnings: string[] = [];
  const facts = factsFrom(required(env, "FACTS"));
  if (facts !== undefined)
    await checkBeforeGrowth(uri, facts, lines(await virshOn(uri)("list", "--all", "--name")), (text) => {
      warnings.push(text);
    });
  return JSON.stringify(warnings);
}

async function checkVolume(env: NodeJS.ProcessEnv): Promise<string> {
  const uri = required(env, "LIBVIRT_URI");
  return await checkBaseVolume(virshOn(uri), uri, {
    pool: required(env, "POOL"),
    name: required(env, "VOLUME"),
    leastDisk: requiredNumber(env, "LEAST_DISK"),
  });
}

async function sweep(env: NodeJS.ProcessEnv): Promise<string> {
  const host = hostOf(env);
  const domains = await clearOwnDomains(host);
  return JSON.stringify({ domains, pool: await clearOwnPool(host) });
}

await runProgram({ check, "check-volume": checkVolume, grown, keep, sweep });
