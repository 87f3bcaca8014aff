/** The doctor: looks at a libvirt host for a plan, and says what is not right, why it matters and what mends it. */
import { hostname } from "node:os";
import { connectionIn, type ConnectionUri } from "../../host/remote.ts";
import { virshOn, type Virsh } from "../../host/virsh.ts";
import { quote } from "../../plan/remedies.ts";
import { beside, prefixIn, typed } from "../../plan/typed.ts";
import { bridge } from "./checks/bridge.ts";
import { bridgeAcl } from "./checks/bridgeAcl.ts";
import { clock } from "./checks/clock.ts";
import { confinement } from "./checks/confinement.ts";
import { connection } from "./checks/connection.ts";
import { dhcp } from "./checks/dhcp.ts";
import { discovery } from "./checks/discovery.ts";
import { disk } from "./checks/disk.ts";
import { emulator } from "./checks/emulator.ts";
import { forward } from "./checks/forward.ts";
import { fwCfg } from "./checks/fwCfg.ts";
import { ksm } from "./checks/ksm.ts";
import { kvm } from "./checks/kvm.ts";
import { memory } from "./checks/memory.ts";
import { names } from "./checks/names.ts";
import { sysctls } from "./checks/sysctls.ts";
import { tools } from "./checks/tools.ts";
import { isRoot, placeOf, shellOf } from "./shell.ts";
import type { Check, Finding, HostShell, PlanFacts, Situation } from "./types.ts";
import { messageOf } from "../ui/errors.ts";

/** All checks, in the order in which they are told. docs/doctor.md has a line for each. */
export const CHECKS: readonly Check[] = [
  tools,
  connection,
  emulator,
  kvm,
  fwCfg,
  confinement,
  bridge,
  bridgeAcl,
  dhcp,
  sysctls,
  forward,
  disk,
  memory,
  ksm,
  clock,
  discovery,
  names,
];

/** A check's findings. One that breaks is a finding of its own: the others go on. */
async function findingsOf(check: Check, situation: Situation): Promise<Finding[]> {
  try {
    return (await check.run(situation)).map((verdict) => ({ id: check.id, ...verdict }));
  } catch (error) {
    const found = `not checked: ${messageOf(error)}`;
    return [{ id: check.id, level: "warning", found, why: `Unknown is ${check.about}.` }];
  }
}

/** A host that can be asked: closed when all is asked. */
async function withSituation<T>(
  uri: string,
  plan: PlanFacts,
  { env, pinned }: { readonly env: NodeJS.ProcessEnv; readonly pinned?: string | undefined },
  work: (situation: Situation) => Promise<T>,
): Promise<T> {
  const prefix = prefixIn(env);
  const parsed = connectionIn(uri);
  const virsh = virshOn(uri);
  const shell = parsed === undefined || (await isElsewhere(parsed, virsh)) ? undefined : shellOf(uri, prefix);
  try {
    const reached = shell === undefined ? undefined : await reachable(shell);
    return await work({
      ...{ uri, virsh },
      shell: reached,
      root: reached !== undefined && (await isRoot(reached)),
      plan,
      ...(pinned === undefined ? {} : { pinned }),
      typed: (command) => typed(forStack(command, plan.stack, prefix), prefix),
    });
  } finally {
    await shell?.close();
  }
}

/**
 * Config commands for the stack that was looked at, which need not be the selected one.
 * @param prefix that of the lab names the stack itself.
 */
export const forStack = (command: string, stack: string, prefix: string | undefined): string =>
  stack === "" || beside(prefix, "") !== undefined
    ? command
    : command.replace(/\bpulumi config (set|rm)\b/g, `pulumi config $1 --stack ${quote(stack)}`);

const firstLabel = (name: string): string => name.trim().toLowerCase().split(".")[0] ?? "";

/**
 * Whether a libvirt daemon without a host in its URI runs where programs of this process would not see its network and files: in a
 * container, in namespaces of its own, behind a socket that somebody forwards. What is found here would say nothing of it.
 */
async function isElsewhere(connection: ConnectionUri, virsh: Virsh): Promise<boolean> {
  if (placeOf(connection) !== "here") return false;
  if (connection.parameters.has("socket")) return true;
  const name = await virsh("hostname").catch(() => undefined); // no connection: its own check says so
  return name !== undefined && firstLabel(name) !== firstLabel(hostname());
}

/** A shell that answers. Where it doesn't, the connection's own check says why. */
async function reachable(shell: HostShell): Promise<HostShell | undefined> {
  const { code } = await shell.run(["true"], { timeout: 30 });
  return code === 0 ? shell : undefined;
}

const inVain = (check: Check): Finding => ({
  id: check.id,
  level: "note",
  found: "not checked: there is no connection",
  why: "It is unknown until the host answers.",
});

/** Whether a check has nobody to ask: libvirt, or where ssh gets to no shell either, anything on the host. */
const isInVain = (check: Check, { uri, shell }: Situation): boolean => {
  const parsed = connectionIn(uri);
  const cutOff = shell === undefined && parsed !== undefined && placeOf(parsed) === "ssh";
  return check.connected === true || (cutOff && check.here !== true);
};

/** The chosen checks, one after another, since some change what others would see (a probe on the bridge). */
async function runChecks(
  checks: readonly Check[],
  situation: Situation,
  onFinding: (finding: Finding) => void,
): Promise<Finding[]> {
  const all: Finding[] = [];
  let connected = true;
  for (const check of checks) {
    const skipped: boolean = !connected && isInVain(check, situation);
    const found: Finding[] = skipped ? [inVain(check)] : await findingsOf(check, situation);
    if (check.id === connection.id) connected = found.every(({ level }) => level !== "problem");
    found.forEach(onFinding);
    all.push(...found);
  }
  return all;
}

/**
 * All checks of a host for a plan.
 * @param pinned the folder of the pinned tools, where `tools CMD` is at hand.
 */
export const examine = (
  uri: string,
  plan: PlanFacts,
  {
    env = process.env,
    onFinding = () => undefined,
    pinned,
  }: { env?: NodeJS.ProcessEnv; onFinding?: (finding: Finding) => void; pinned?: string } = {},
): Promise<Finding[]> =>
  withSituation(uri, plan, { env, pinned }, (situation) => runChecks(CHECKS, situation, onFinding));

/**
 * The short version, for the moment before `up` makes its first thing: what takes no root and waits for nobody.
 * @param only names of the checks, where not all of it is wanted.
 * @returns what is wrong or worth a look, in the order of CHECKS.
 */
export async function quickChecks(
  uri: string,
  plan: PlanFacts,
  env: NodeJS.ProcessEnv = process.env,
  only?: readonly string[],
): Promise<Finding[]> {
  const quick = CHECKS.flatMap((check) =>
    check.quick === undefined || only?.includes(check.id) === false ? [] : [{ ...check, ...check.quick }],
  );
  const all = await withSituation(uri, plan, { env }, (situation) =>
    runChecks(quick, situation, () => undefined),
  );
  return all.filter(({ level }) => level === "warning" || level === "problem");
}
